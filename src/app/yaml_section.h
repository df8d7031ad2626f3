// YAML to Settings. The one place that knows yaml-cpp is yaml_section.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/option.h"

namespace sluice::app {

// A mapping in a YAML file. Mistakes are collected in the document, never thrown.
class YamlSection {
 public:
  const std::string& where() const { return where_; }  // file:line:column of its start

  // Fills the settings whose tables know a key; `sections` are keys that are read with section(). Any other
  // key is a mistake, unless `lenient`, which is for a mapping whose tables could not be found out.
  void read(const std::vector<Settings*>& targets, const std::vector<std::string>& sections = {},
            bool lenient = false) const;
  // The mapping under `key`. Nothing: it is not there (a mistake where `required`) or no mapping (a mistake).
  std::optional<YamlSection> section(std::string_view key, bool required) const;
  // All mappings in this one, by name, in order; other values are mistakes.
  std::vector<std::pair<std::string, YamlSection>> sections(std::string_view kind) const;
  // The mappings in the list under `key`; other values are mistakes. Nothing where it is not there.
  std::vector<YamlSection> list(std::string_view key) const;
  // The keys of this mapping that are plain text, in order.
  std::vector<std::string> keys() const;
  // The text under `key` after ${…}; nothing: not there, or no text.
  std::optional<std::string> text(std::string_view key) const;

 private:
  friend class YamlDocument;
  struct Node;
  class Pass;
  explicit YamlSection(std::shared_ptr<const Node> node);

  std::shared_ptr<const Node> node_;
  std::string where_;
};

class YamlDocument {
 public:
  // Malformed text or a top that is no mapping are mistakes; root() is then empty.
  YamlDocument(std::string_view text, std::string path);
  ~YamlDocument();

  const std::optional<YamlSection>& root() const { return root_; }
  std::vector<std::string> mistakes() const;  // in the order of their places
  void mistake(Error error);                  // told once, however many find it
  size_t mistake_count() const { return mistakes_.size(); }

 private:
  friend class YamlSection;
  // Whether the value at this place, counted from 0, has its closing quote if it needs one.
  bool closed(int line, int column) const;

  std::string path_;
  std::string text_;
  std::vector<std::string> mistakes_;
  std::optional<YamlSection> root_;
};

// ${NAME}, ${NAME:-default}, $${.
Result<std::string> expand_environment(std::string_view text, std::string_view where);

}  // namespace sluice::app
