"""Media types: from an object's name, and checking those that others state.

The table is fixed, so that the same name gives the same type on every machine: the system's ``mime.types`` is not read.
"""

import re

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*"'
_MEDIA_TYPE = re.compile(rf"{_WORD}/{_WORD}(?:[ \t]*;[ \t]*{_WORD}=(?:{_WORD}|{_QUOTED}))*\Z")
MAX_MEDIA_TYPE = 255
BINARY = "application/octet-stream"


def is_media_type(text: str) -> bool:
    """Whether ``text`` is a media type by RFC 9110, section 8.3.1, of at most 255 characters."""
    return len(text) <= MAX_MEDIA_TYPE and _MEDIA_TYPE.match(text) is not None


def guess_media_type(name: str) -> str:
    """The media type by the extension of ``name`` (the part after its last "."), ``application/octet-stream`` if it is not known."""
    base = name.rstrip("/").rpartition("/")[2]
    stem, dot, extension = base.rpartition(".")
    return _BY_EXTENSION.get(extension.lower(), BINARY) if dot and stem else BINARY


_TYPES = {
    # texts
    "text/plain": "txt text log ini cfg conf properties env diff patch",
    "text/markdown": "md markdown",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv tab",
    "text/html": "html htm",
    "text/css": "css",
    "text/javascript": "js mjs cjs",
    "text/calendar": "ics",
    "text/vcard": "vcf",
    "text/vtt": "vtt",
    "text/x-python": "py pyi",
    "text/x-go": "go",
    "text/x-rust": "rs",
    "text/x-c": "c h cc cpp hpp cxx",
    "text/x-java-source": "java kt scala",
    "text/x-sh": "sh bash zsh",
    "text/x-ruby": "rb",
    "text/x-typescript": "ts tsx jsx",
    "text/x-rst": "rst",
    "text/x-tex": "tex bib",
    # structured data
    "application/json": "json map",
    "application/jsonl": "jsonl ndjson",
    "application/geo+json": "geojson",
    "application/ld+json": "jsonld",
    "application/manifest+json": "webmanifest",
    "application/x-ipynb+json": "ipynb",
    "application/yaml": "yaml yml",
    "application/toml": "toml",
    "application/xml": "xml xsd xsl xslt",
    "application/sql": "sql",
    "application/graphql": "graphql gql",
    "application/vnd.apache.parquet": "parquet",
    "application/vnd.apache.arrow.file": "arrow feather",
    "application/vnd.apache.arrow.stream": "arrows",
    "application/vnd.apache.avro": "avro",
    "application/x-orc": "orc",
    "application/x-hdf5": "h5 hdf5",
    "application/x-netcdf": "nc",
    "application/vnd.sqlite3": "sqlite sqlite3 db",
    "application/protobuf": "pb",
    "application/cbor": "cbor",
    "application/vnd.msgpack": "msgpack",
    "application/x-npy": "npy",
    "application/x-npz": "npz",
    "application/onnx": "onnx",
    "application/vnd.safetensors": "safetensors",
    "application/x-gguf": "gguf",
    "application/x-pytorch": "pt pth",
    "application/vnd.tcpdump.pcap": "pcap pcapng",
    # archives and packages
    "application/zip": "zip",
    "application/gzip": "gz tgz",
    "application/x-bzip2": "bz2 tbz2",
    "application/x-xz": "xz txz",
    "application/zstd": "zst tzst",
    "application/x-lz4": "lz4",
    "application/x-brotli": "br",
    "application/x-tar": "tar",
    "application/x-7z-compressed": "7z",
    "application/vnd.rar": "rar",
    "application/java-archive": "jar war ear",
    "application/vnd.debian.binary-package": "deb",
    "application/x-rpm": "rpm",
    "application/vnd.android.package-archive": "apk",
    "application/x-apple-diskimage": "dmg",
    "application/x-iso9660-image": "iso",
    "application/wasm": "wasm",
    "application/vnd.microsoft.portable-executable": "exe dll msi",
    "application/x-python-wheel+zip": "whl",
    # documents
    "application/pdf": "pdf",
    "application/rtf": "rtf",
    "application/postscript": "ps eps",
    "application/epub+zip": "epub",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "message/rfc822": "eml",
    # pictures
    "image/png": "png",
    "image/jpeg": "jpg jpeg jpe jfif",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/jxl": "jxl",
    "image/svg+xml": "svg",
    "image/bmp": "bmp",
    "image/tiff": "tif tiff",
    "image/vnd.microsoft.icon": "ico",
    "image/vnd.adobe.photoshop": "psd",
    # sound and film
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/ogg": "ogg oga",
    "audio/opus": "opus",
    "audio/flac": "flac",
    "audio/wav": "wav",
    "audio/midi": "mid midi",
    "video/mp4": "mp4 m4v",
    "video/webm": "webm",
    "video/ogg": "ogv",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
    "video/mpeg": "mpg mpeg",
    # fonts and models
    "font/woff": "woff",
    "font/woff2": "woff2",
    "font/ttf": "ttf",
    "font/otf": "otf",
    "model/gltf+json": "gltf",
    "model/gltf-binary": "glb",
    "model/stl": "stl",
    "model/obj": "obj",
}
_BY_EXTENSION = {extension: media_type for media_type, extensions in _TYPES.items() for extension in extensions.split()}
