// sluice_decode_probe [--schema FILE] [--batch BYTES] [--with PART]… FOLDER|FILE…: decodes log files to JSON
// lines on stdout; a fault goes to stderr and ends it with 1. For tests that compare the lines with a real
// server's own words.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "support/read_log.h"

int main(int count, char** arguments) {
  using namespace sluice::test;
  ReadOptions options;
  options.with.clear();
  std::vector<LogFile> files;
  for (int i = 1; i < count; ++i) {
    std::string argument = arguments[i];
    bool more = i + 1 < count;
    if (argument == "--schema" && more) {
      options.schema = read_file(arguments[++i]);
    } else if (argument == "--batch" && more) {
      options.batch_bytes = std::strtoull(arguments[++i], nullptr, 10);
    } else if (argument == "--with" && more) {
      options.with.emplace_back(arguments[++i]);
    } else if (std::filesystem::is_directory(argument)) {
      for (LogFile& file : log_files(argument)) files.push_back(std::move(file));
    } else {
      files.push_back({std::filesystem::path(argument).filename(), read_file(argument)});
    }
  }
  ReadResult result = read_log(files, options);
  for (const std::string& line : result.lines) std::printf("%s\n", line.c_str());
  if (result.error.empty()) return 0;
  std::fprintf(stderr, "%s\n", result.error.c_str());
  return 1;
}
