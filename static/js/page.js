// What the open page is about, read from its listing.

export function listing() {
  const element = document.getElementById("listing");
  if (!element?.dataset.bucket) return null;
  const { bucket, prefix, query, sort, page, everywhere, canEdit, maxUpload, uniqueNames, history, objectsUrl, uploadUrl, uploadsUrl, filesUrl, socket } = element.dataset;
  return {
    element, bucket, sort, objectsUrl, uploadUrl, uploadsUrl, filesUrl, socket,
    prefix: decodeURIComponent(prefix), query: decodeURIComponent(query),
    page: Number(page), everywhere: everywhere === "yes", canEdit: canEdit === "yes", maxUpload: Number(maxUpload), uniqueNames: uniqueNames === "yes", history: history === "yes",
  };
}

export function rows() {
  return [...document.querySelectorAll("#rows > tr")];
}

export function itemOf(row) {
  return { id: row.id, kind: row.dataset.kind, name: decodeURIComponent(row.dataset.name) };
}

// The cookie's, which is right after signing in again in another tab too.
export function csrfToken() {
  const cookie = document.cookie.split("; ").find((each) => each.startsWith("csrftoken="));
  return cookie ? cookie.slice("csrftoken=".length) : document.querySelector("meta[name=csrf-token]").content;
}

export function announce(text) {
  document.getElementById("announcer").textContent = text;
}
