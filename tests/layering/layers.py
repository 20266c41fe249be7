"""Which folder may include what, and what pure code must not do.

    base <- cbor <- cose <- identity                                     cbor <- bpv7
    {bpv7, cose} <- bpsec      cose <- envelope      {bpsec, sync, envelope, identity, admin} <- daemon/node
    {identity, proto/tram/admin.pb.h} <- admin <- daemon/registry <- daemon/node      bpv7 <- daemon/routing <- daemon/node
    base <- tcpcl              base <- store
    store/records.h <- daemon/node                                       {base, bpv7} <- config
    {daemon/node, tcpcl, store, config, proto/tram} <- {links, api, http} <- tramd
    {identity, envelope} <- enrol      base <- audit
    {admin, config} <- daemon/visits
    {base, bpv7, bpsec, admin, config, proto/tram, enrol, audit, daemon/visits} <- cli

An arrow points to what may include; what is allowed is allowed through the whole chain.
"""
import dataclasses
import re

import source_tree

# What computing needs. Not here: files, streams, threads, clocks' headers, random devices, the system.
_PURE_STANDARD = frozenset("""
    algorithm array bit bitset cassert cctype charconv chrono cmath compare concepts cstddef cstdint cstring deque
    expected functional initializer_list iterator limits list map memory nmmintrin.h numeric optional queue ranges
    set span string string_view tuple type_traits unordered_map unordered_set utility variant vector version
""".split())

_PURE_FORBIDDEN = [
    (re.compile(r"\b(system|steady|high_resolution|utc|file)_clock\b"), "asks a clock"),
    (re.compile(r"\bthrow\b|\btry\s*\{|\bcatch\s*\("), "throws or catches"),
    (re.compile(r"\bstd::(thread|jthread|mutex|atomic|condition_variable|future|async)\b"), "uses threads"),
    (re.compile(r"\bstd::(random_device|mt19937\w*)\b|\b(rand|random|randombytes\w*)\s*\("), "makes random numbers"),
    (re.compile(r"\b(f|s|v)?printf\s*\(|\bf(open|read|write|puts)\s*\(|\bstd::(cout|cerr|clog|cin)\b"), "does I/O"),
    (re.compile(r"\b(getenv|system|socket|time|clock_gettime)\s*\("), "asks the system"),
]

_SHELL_BELOW = ("proto/base", "proto/cbor", "proto/cose", "proto/bpv7", "proto/bpsec", "proto/identity",
                "proto/sync", "proto/envelope", "proto/admin", "proto/tcpcl", "proto/tram", "store", "config", "daemon/registry",
                "daemon/routing", "daemon/node")


@dataclasses.dataclass(frozen=True)
class Layer:
    project: tuple = ()       # folders whose headers it may include besides its own
    headers: tuple = ()       # single headers of other folders
    libraries: tuple = ()     # prefixes of other projects' headers
    pure: bool = False


_BUNDLES = ("proto/base", "proto/cbor", "proto/bpv7")
LAYERS = {
    "proto/base": Layer(pure=True),
    "proto/cbor": Layer(("proto/base",), pure=True),
    "proto/bpv7": Layer(("proto/base", "proto/cbor"), pure=True),
    "proto/cose": Layer(("proto/base", "proto/cbor"), (), ("sodium.h", "openssl/"), pure=True),
    "proto/bpsec": Layer((*_BUNDLES, "proto/cose"), (), ("openssl/",), pure=True),
    "proto/identity": Layer(("proto/base", "proto/cbor", "proto/cose"), (), ("sodium.h", "openssl/"), pure=True),
    "proto/sync": Layer(("proto/base", "proto/cbor"), (), ("sodium.h",), pure=True),
    # libsodium draws the keys of messages from its own random generator.
    "proto/envelope": Layer(("proto/base", "proto/cbor", "proto/cose"), (), ("sodium.h",), pure=True),
    # Generated code is plain data here: messages are encoded and decoded, nothing is sent.
    "proto/admin": Layer(("proto/base", "proto/cose", "proto/identity"),
                         ("proto/tram/admin.pb.h", "proto/tram/admin_rows.pb.h"), ("utf8proc.h",), pure=True),
    "proto/tcpcl": Layer(("proto/base",), pure=True),
    "daemon/registry": Layer(("proto/base", "proto/cose", "proto/admin"),
                             ("proto/tram/admin.pb.h", "proto/tram/admin_rows.pb.h"), pure=True),
    "daemon/routing": Layer(_BUNDLES, pure=True),
    "daemon/node": Layer((*_BUNDLES, "proto/cose", "proto/bpsec", "proto/identity", "proto/sync", "proto/envelope",
                          "proto/admin", "daemon/registry", "daemon/routing"),
                         ("store/records.h", "proto/tram/admin.pb.h"), ("sodium.h", "boost/unordered/"), pure=True),
    "daemon/enrol": Layer(("proto/base", "proto/cbor", "proto/cose", "proto/identity", "proto/envelope"),
                          libraries=("sodium.h", "openssl/", "fmt/")),
    "daemon/json": Layer(libraries=("boost/json",)),
    "daemon/audit": Layer(("proto/base",), libraries=("boost/json", "openssl/", "fmt/")),
    "store": Layer(("proto/base", "proto/tram"), libraries=("rocksdb/", "fmt/")),
    "config": Layer(_BUNDLES, libraries=("toml++/",)),
    "daemon/visits": Layer(("proto/base", "proto/admin", "config"), libraries=("toml++/",)),
    "daemon/links": Layer(_SHELL_BELOW, libraries=("boost/asio", "boost/system", "openssl/")),
    "daemon/api": Layer(_SHELL_BELOW, libraries=("boost/asio", "boost/system", "zmq", "fmt/")),
    "daemon/http": Layer(_SHELL_BELOW, libraries=("boost/asio", "boost/beast", "boost/system", "fmt/")),
    "daemon/tramd": Layer((*_SHELL_BELOW, "daemon/enrol", "daemon/audit", "daemon/links", "daemon/api", "daemon/http"),
                          libraries=("boost/asio", "boost/system", "spdlog/", "fmt/", "CLI/", "google/protobuf/stubs/")),
    "daemon/cli": Layer((*_BUNDLES, "proto/cose", "proto/bpsec", "proto/identity", "proto/admin", "config", "proto/tram", "daemon/enrol",
                          "daemon/audit", "daemon/visits"),
                        libraries=("boost/json", "zmq", "fmt/", "CLI/", "qrencode.h", "google/protobuf/stubs/")),
}
_LIBRARIES = ("boost/", "zmq", "rocksdb/", "spdlog/", "fmt/", "CLI/", "toml++/", "sodium", "google/protobuf/",
              "openssl/", "qrencode.h", "utf8proc.h")
_CODE_FOLDERS = ("proto", "store", "config", "daemon")

# The one place where pure code speaks: a failed check says which, and aborts.
_CHECK_FAILURE = {"proto/base/check.cpp": ("cstdio", "cstdlib")}

_INCLUDE = re.compile(r"""^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)""")


def problems(root):
    """One line for each offence in the tree."""
    found = []
    for path in source_tree.files(root, lambda p: source_tree.is_code(p) and p.parts[0] in _CODE_FOLDERS):
        folder = path.parent.as_posix()
        if folder not in LAYERS:
            found.append(f"{path}: the folder {folder} has no rule in tests/layering/layers.py")
            continue
        text = source_tree.without_comments_and_literals((root / path).read_text())
        for number, line in enumerate(text.splitlines(), 1):
            found += [f"{path}:{number}: {why}" for why in _offences(path.as_posix(), folder, line)]
    return found


def _offences(path, folder, line):
    layer = LAYERS[folder]
    include = _INCLUDE.match(line)
    if include and include[1]:
        if not _project_allowed(layer, folder, include[1]):
            yield f"{folder} must not include {include[1]}"
    elif include:
        if not _library_allowed(layer, path, include[2]):
            yield f"{folder} must not include <{include[2]}>"
    elif layer.pure and path not in _CHECK_FAILURE:
        for pattern, what in _PURE_FORBIDDEN:
            if pattern.search(line):
                yield f"{folder} is pure but {what}: {line.strip()}"


def _project_allowed(layer, folder, header):
    of = header.rpartition("/")[0]
    return of == folder or of in layer.project or header in layer.headers


def _library_allowed(layer, path, header):
    if any(header.startswith(prefix) for prefix in layer.libraries):
        return True
    if header in _CHECK_FAILURE.get(path, ()):
        return True
    if layer.pure:
        return header in _PURE_STANDARD
    return not any(header.startswith(prefix) for prefix in _LIBRARIES)
