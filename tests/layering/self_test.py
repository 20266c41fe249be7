"""Do the checks bite? Each case is a small tree with one thing wrong in it."""
import pathlib
import tempfile
import unittest

import layers
import style


def check(checker, files):
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return checker.problems(root)


class Layers(unittest.TestCase):
    def refused(self, path, text):
        self.assertEqual(len(check(layers, {path: text})), 1, f"{path}: {text}")

    def allowed(self, path, text):
        self.assertEqual(check(layers, {path: text}), [], f"{path}: {text}")

    def test_pure_folders_include_no_io(self):
        for folder in ("proto/base", "proto/cbor", "proto/bpv7", "proto/tcpcl", "daemon/node"):
            for header in ("fstream", "iostream", "thread", "mutex", "random", "filesystem", "ctime", "sys/socket.h",
                           "unistd.h", "boost/asio.hpp", "zmq.hpp", "rocksdb/db.h", "spdlog/spdlog.h", "fmt/format.h"):
                self.refused(f"{folder}/made_up.cpp", f"#include <{header}>\n")

    def test_pure_code_asks_nobody(self):
        for line in ("auto t = std::chrono::steady_clock::now();", "throw std::runtime_error(why);",
                     'std::printf("here");', "std::mutex mutex;", "int r = rand();", "auto e = getenv(name);",
                     "std::random_device device;"):
            self.refused("proto/bpv7/made_up.cpp", line + "\n")

    def test_words_in_comments_and_texts_do_not_count(self):
        self.allowed("proto/bpv7/made_up.cpp", "// throw nothing, ask no steady_clock\n/* rand()\n throw */\n")
        self.allowed("proto/bpv7/made_up.cpp", 'auto text = "throw rand() at steady_clock";\n')
        self.allowed("proto/bpv7/made_up.cpp", "constexpr auto k = 1'000; // don't\nint x = 2'000;\n")

    def test_code_after_a_digit_separator_is_seen(self):
        self.refused("proto/bpv7/made_up.cpp", "auto x = 1'000; throw 2'000;\n")

    def test_includes_follow_the_arrows(self):
        for path, header in (("proto/base/x.h", "proto/cbor/reader.h"), ("proto/cbor/x.h", "proto/bpv7/bundle.h"),
                             ("proto/tcpcl/x.h", "proto/bpv7/bundle.h"), ("proto/bpv7/x.h", "proto/tcpcl/session.h"),
                             ("proto/bpsec/x.h", "proto/sync/x.h"), ("proto/bpv7/x.h", "store/records.h"),
                             ("daemon/node/x.h", "store/store.h"), ("daemon/node/x.h", "daemon/api/server.h"),
                             ("daemon/node/x.h", "proto/tram/api.pb.h"), ("store/x.h", "daemon/node/node.h"),
                             ("config/x.h", "daemon/node/types.h"), ("daemon/links/x.h", "daemon/tramd/daemon.h"),
                             ("daemon/api/x.h", "daemon/links/link_manager.h"),
                             ("daemon/cli/x.h", "store/rocks_store.h"), ("daemon/cli/x.h", "daemon/node/node.h")):
            self.refused(path, f'#include "{header}"\n')
        for path, header in (("proto/bpv7/x.h", "proto/cbor/reader.h"), ("daemon/node/x.h", "store/records.h"),
                             ("daemon/tramd/x.h", "daemon/links/link_manager.h"), ("store/x.h", "store/records.h"),
                             ("daemon/cli/x.h", "proto/tram/api.pb.h")):
            self.allowed(path, f'#include "{header}"\n')

    def test_libraries_stay_where_they_belong(self):
        for path, header in (("daemon/cli/x.cpp", "rocksdb/db.h"), ("daemon/api/x.cpp", "rocksdb/db.h"),
                             ("store/x.cpp", "zmq.hpp"), ("config/x.cpp", "spdlog/spdlog.h"),
                             ("daemon/links/x.cpp", "zmq.hpp"), ("store/x.cpp", "boost/asio.hpp")):
            self.refused(path, f"#include <{header}>\n")
        self.allowed("store/x.cpp", "#include <rocksdb/db.h>\n#include <thread>\n")

    def test_a_new_folder_needs_a_rule(self):
        self.refused("daemon/surprise/x.cpp", "int x;\n")
        self.refused("proto/base/deeper/x.cpp", "int x;\n")


class Style(unittest.TestCase):
    def refused(self, path, text):
        self.assertEqual(len(check(style, {path: text})), 1, f"{path}: {text[:60]}")

    def allowed(self, path, text):
        self.assertEqual(check(style, {path: text}), [], f"{path}: {text[:60]}")

    def test_long_files(self):
        self.refused("store/x.cpp", "int x;\n" * 601)
        self.allowed("store/x.cpp", "int x;\n" * 600)

    def test_long_functions(self):
        self.refused("store/x.cpp", "void f() {\n" + "    g();\n" * 69 + "}\n")
        self.allowed("store/x.cpp", "void f() {\n" + "    g();\n" * 68 + "}\n")
        self.refused("tests/unit/x.cpp", "TEST_CASE(a) {\n" + "    g();\n" * 99 + "}\n")
        self.allowed("tests/unit/x.cpp", "TEST_CASE(a) {\n" + "    g();\n" * 98 + "}\n")
        self.allowed("store/x.cpp", "namespace a {\n" + "int x;\n" * 100 + "}  // namespace a\n")

    def test_unfinished_business(self):
        self.refused("store/x.cpp", "// TO" "DO later\n")

    def test_paths_of_a_machine(self):
        self.refused("README.md", "see /ho" "me/somebody/tram\n")
        self.allowed("README.md", "see /var/lib/tram and https://example.org/home/page\n")

    def test_sleeping_tests(self):
        self.refused("tests/unit/x.cpp", "std::this_thread::sleep_for(1s);\n")
        self.refused("tests/system/mule_test.cpp", "std::this_thread::sleep_for(1s);\n")
        self.allowed("tests/system/harness/wait.cpp", "std::this_thread::sleep_for(interval);\n")
        self.allowed("daemon/cli/x.cpp", "std::this_thread::sleep_for(pause);\n")


if __name__ == "__main__":
    unittest.main()
