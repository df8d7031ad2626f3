// FileSet: the file sink where `path` is a template: any number of files, of which the disk holds few open,
// each change in them exactly once.
//
// The note is a place in the journal, which was written ahead of the files: what it tells from there on is
// taken back at a restart.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "sink/file/file_sink.h"
#include "sink/file/frame_writer.h"
#include "sink/file/journal.h"

namespace sluice::file {

class FileSet : public Sink {
 public:
  // What its notes begin with, unlike those of a single file.
  static constexpr std::string_view kNoteBegin = "files ";

  // `options.path` is the template.
  explicit FileSet(FileOptions options);
  ~FileSet() override { FileSet::close(); }

  Result<void> open(std::string_view saved) override;
  Result<void> write(const Delivery& delivery) override;
  std::string note() const override;
  Result<void> tick() override;
  void close() override;
  // What open() would find wrong with the folder in front of the first place, without making anything.
  Result<void> look() const { return journal_.look(); }

 private:
  struct File {
    std::string path;
    uint64_t size = 0;     // everything before it is safe
    uint64_t heading = 0;  // the mark of the heading above its end
    int64_t started_us = 0;
    SteadyTime began;    // when it was, as far as anybody can tell whatever the clock did
    bool met = false;    // it was looked at, or is in the journal
    int fd = -1;         // while it is open
    uint64_t used = 0;   // when it was last, by `uses_`
    uint64_t round = 0;  // of the delivery in hand: it has the part `part`
    size_t part = 0;
  };  // some 300 bytes, with its path
  // What of a delivery goes to one file. `whole` is where the checkpoint falls.
  struct Part {
    File* file = nullptr;
    Bytes bytes, packed;
    size_t whole = 0;
    uint64_t heading = 0, whole_heading = 0;
  };

  // open()
  Result<void> restore(const Journal::Contents& contents, std::string& turned);
  void learn(const Entry& entry);
  Result<void> take_back(const std::vector<Entry>& behind, std::string& turned);
  Result<void> compare(const File& file) const;
  Result<void> begin_segment();

  // write()
  void gather(const Delivery& delivery);
  Part& part_of(const Delivery& delivery, uint32_t destination);
  void mark_whole();
  void pack(Part& part);
  Result<void> meet(File& file, bool binary);
  Result<void> append_parts();
  Result<void> append(Part& part);
  Result<void> sync_names();
  void take_back_parts();
  Result<void> ensure_open(File& file);
  Result<void> make_folders(const std::string& path);
  void shut(File& file);
  void forget();

  Result<void> turn_over(std::vector<File*>& due);

  const FileOptions options_;
  Journal journal_;
  Journal::Place checkpoint_;
  // Nodes stay where they are. A file that was turned over stays in it, empty, until it is forgotten.
  std::unordered_map<std::string, File> files_;
  std::vector<File*> open_;
  std::vector<File*> large_;  // to be turned over
  uint64_t uses_ = 0;
  FrameWriter frames_;

  // Of the delivery in hand.
  uint64_t round_ = 0;
  std::vector<Part> parts_;  // the first `used_` of them
  size_t used_ = 0;
  std::vector<size_t> part_of_destination_;
  std::vector<std::string> fresh_folders_;  // that have a name which the disk may not have yet
};

}  // namespace sluice::file
