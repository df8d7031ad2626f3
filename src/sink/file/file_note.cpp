#include "sink/file/file_note.h"

#include <charconv>

namespace sluice::file {

std::string FileNote::text() const {
  return fmt::format("2 {} {} {} {} {} {}", number, size, frame_open ? 1 : 0, started_us, heading, path);
}

Result<FileNote> FileNote::parse(std::string_view text) {
  std::string_view left = text;
  auto number = [&](auto& value) {
    auto [end, error] = std::from_chars(left.data(), left.data() + left.size(), value);
    bool good = error == std::errc() && end != left.data() + left.size() && *end == ' ';
    if (good) left.remove_prefix(static_cast<size_t>(end - left.data()) + 1);
    return good;
  };
  FileNote note;
  int version = 0, frame = 0;
  bool good = number(version) && (version == 1 || version == 2) && number(note.number) && number(note.size) &&
              number(frame) && number(note.started_us) && (version == 1 || number(note.heading));
  if (!good) return fatal("the saved note of the file sink cannot be read: `{}`", text);
  note.frame_open = frame != 0;
  note.path = left;
  return note;
}

}  // namespace sluice::file
