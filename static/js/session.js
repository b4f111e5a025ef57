// The visitor's session has ended, as some answer says: off to the login, unless somebody who has work under way prevents it.
export function signedOut() {
  const event = new Event("signed-out", { cancelable: true });
  if (document.dispatchEvent(event)) location.href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
}

export function signedIn() {
  document.dispatchEvent(new Event("signed-in"));
}
