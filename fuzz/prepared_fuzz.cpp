// Any bytes as the files that a life before this one set aside for an XA transaction: faults or events, in
// memory in proportion. A byte of options, the length of the note, the note, the events.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/check.h"
#include "wire/mysql/prepared.h"

namespace {

using namespace sluice;

const std::string kXid = "X'6f6e65',X'',1";

class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "sluice-fuzz-XXXXXX";
    CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
    mysql::PreparedTransactions prepared(path_);
    CHECK(prepared.begin(kXid).has_value() && prepared.prepare().has_value());
    file_ = std::filesystem::directory_iterator(path_)->path();
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  void put(std::string_view note, std::string_view events) const {
    std::ofstream(file_ + ".end", std::ios::binary) << note;
    std::ofstream(file_, std::ios::binary) << events;
  }

 private:
  std::string path_, file_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Folder folder;
  if (size < 2) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  std::string_view note = rest.substr(0, std::min<size_t>(data[1], rest.size()));
  rest.remove_prefix(note.size());
  bool named = data[0] & 1;
  folder.put(note, named ? kXid + "\n" + std::string(rest) : std::string(rest));
  mysql::PreparedTransactions prepared(folder.path());
  Position saved;
  saved.file = "binlog.000007";
  saved.offset = data[0];
  prepared.settle(saved);
  auto opened = prepared.open(kXid);
  if (!opened || !*opened) return 0;
  size_t bytes = 0;
  for (;;) {
    mysql::EventHeader header;
    auto more = prepared.peek(header);
    if (!more || !*more) break;
    Arena arena;
    auto event = prepared.fetch(arena);
    if (!event) break;
    CHECK(event->size() == header.size);
    bytes += event->size();
    CHECK(bytes <= size);
  }
  prepared.close();
  prepared.committed(kXid, {}, saved);
  prepared.confirm(saved);
  return 0;
}
