#include "app/yaml_section.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "app/command_line.h"

namespace sluice::app {
namespace {

// Marks count from 0, people from 1. An empty value has no place of its own.
std::string place(const std::string& path, const YAML::Mark& mark) {
  if (mark.is_null()) return path;
  return fmt::format("{}:{}:{}", path, mark.line + 1, mark.column + 1);
}

std::string_view shape(const YAML::Node& node) {
  if (node.IsMap()) return "a section of keys";
  if (node.IsSequence()) return "a list";
  return node.IsScalar() ? "a single value" : "nothing";
}

// The line (from 0) without its end.
std::string_view line_of(std::string_view text, int line) {
  for (; line > 0 && !text.empty(); --line)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find('\n'));
}

// yaml-cpp ends a quoted text in silence where a line below it is indented less. No value here needs more
// than one line, so one that does not end on its line lacks its quote.
bool closed_on_its_line(std::string_view line, size_t column) {
  char quote = line[column];
  for (size_t i = column + 1; i < line.size(); ++i) {
    if (quote == '"' && line[i] == '\\') {
      ++i;
    } else if (line[i] == quote) {
      return true;
    }
  }
  return false;
}

bool is_name(std::string_view text) {
  auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

Result<std::string> expand_environment(std::string_view text, std::string_view where) {
  std::string out;
  while (!text.empty()) {
    size_t at = text.find("${");
    if (at == text.npos) break;
    if (at > 0 && text[at - 1] == '$') {
      out.append(text.substr(0, at - 1)).append("${");
      text.remove_prefix(at + 2);
      continue;
    }
    out.append(text.substr(0, at));
    size_t end = text.find('}', at);
    if (end == text.npos)
      return usage("{}: '${{' has no end; expected ${{NAME}} or ${{NAME:-default}}", where);
    std::string_view inner = text.substr(at + 2, end - at - 2);
    size_t colon = inner.find(":-");
    std::string name(inner.substr(0, colon));
    if (!is_name(name)) {
      return usage("{}: '${{{}}}' names no environment variable; expected ${{NAME}} or ${{NAME:-default}}",
                   where, inner);
    }
    const char* value = std::getenv(name.c_str());
    if (value && (*value || colon == inner.npos)) {
      out += value;
    } else if (colon != inner.npos) {
      out += inner.substr(colon + 2);
    } else {
      return usage("{}: the environment variable {} is not set; set it, or write ${{{}:-default}}", where,
                   name, name);
    }
    text.remove_prefix(end + 1);
  }
  return out.append(text);
}

struct YamlSection::Node {
  YAML::Node yaml;
  YamlDocument* document;

  std::string place(const YAML::Node& node) const { return app::place(document->path_, node.Mark()); }
  void mistake(Error error) const { document->mistake(std::move(error)); }
  std::optional<YAML::Node> find(std::string_view key) const {
    for (const auto& entry : yaml) {
      if (entry.first.IsScalar() && entry.first.Scalar() == key) return entry.second;
    }
    return std::nullopt;
  }
  // The texts of a scalar or list, expanded. Nothing: a mistake was noted.
  std::optional<std::vector<std::string>> values(const YAML::Node& node, const std::string& key,
                                                 bool list) const;
};

std::optional<std::vector<std::string>> YamlSection::Node::values(const YAML::Node& node,
                                                                  const std::string& key, bool list) const {
  std::vector<std::string> found;
  auto take = [&](const YAML::Node& item) {
    if (!item.IsScalar()) {
      const char* wanted = list ? "a list of texts" : "a single value";
      mistake(usage("{}: {}: expected {}, found {}", place(item), key, wanted, shape(item)).value());
      return false;
    }
    if (!document->closed(item.Mark().line, item.Mark().column)) {
      mistake(usage("{}: {}: this text has no closing quote on its line", place(item), key).value());
      return false;
    }
    auto expanded = expand_environment(item.Scalar(), place(item));
    if (!expanded) {
      mistake(expanded.error());
      return false;
    }
    found.push_back(std::move(*expanded));
    return true;
  };
  bool good = true;
  if (list && node.IsSequence()) {
    for (const auto& item : node) good = take(item) && good;
  } else if (!take(node)) {
    good = false;
  } else if (list) {
    found = split_list(found.front());
  }
  if (!good) return std::nullopt;
  return found;
}

YamlSection::YamlSection(std::shared_ptr<const Node> node)
    : node_(std::move(node)), where_(node_->place(node_->yaml)) {}

// One pass over a mapping and, below it, over groups of keys: `rotate: {size: 1GB}` is `rotate.size: 1GB`.
class YamlSection::Pass {
 public:
  Pass(const Node& node, const std::vector<Settings*>& targets, const std::vector<std::string>& sections,
       bool lenient)
      : node_(node), targets_(targets), sections_(sections), known_(sections), lenient_(lenient) {
    for (Settings* target : targets) {
      for (const Option& option : target->options()) known_.emplace_back(option.name);
    }
  }

  void read(const YAML::Node& map, const std::string& prefix) {
    for (const auto& entry : map) {
      std::string where = node_.place(entry.first);
      if (!entry.first.IsScalar()) {
        node_.mistake(usage("{}: expected a key, found {}", where, shape(entry.first)).value());
        continue;
      }
      std::string key = prefix + entry.first.Scalar();
      if (seen(key)) {
        node_.mistake(usage("{}: '{}' is here a second time", where, key).value());
        continue;
      }
      seen_.push_back(key);
      if (std::find(sections_.begin(), sections_.end(), key) != sections_.end()) continue;
      if (entry.second.IsMap() && is_group(key + ".")) {
        read(entry.second, key + ".");
      } else if (!take(key, entry.second) && !lenient_) {
        node_.mistake(unknown_name(where, key, known_).value());
      }
    }
  }

  void find_missing(const std::string& where) {
    for (Settings* target : targets_) {
      for (const Option& option : target->options()) {
        if (!option.required || seen(option.name)) continue;
        node_.mistake(usage("{}: '{}' is missing: {}", where, option.name, option.help).value());
      }
    }
  }

 private:
  bool seen(std::string_view key) const { return std::find(seen_.begin(), seen_.end(), key) != seen_.end(); }
  bool is_group(const std::string& prefix) const {
    return std::any_of(known_.begin(), known_.end(),
                       [&](const std::string& name) { return name.starts_with(prefix); });
  }

  // False: no table has the key.
  bool take(const std::string& key, const YAML::Node& value) {
    for (Settings* target : targets_) {
      for (const Option& option : target->options()) {
        if (option.name != key) continue;
        auto values = node_.values(value, key, option.kind == OptionKind::List);
        if (!values) return true;
        auto result = target->set(key, std::move(*values), node_.place(value));
        if (!result) node_.mistake(result.error());
        return true;
      }
    }
    return false;
  }

  const Node& node_;
  const std::vector<Settings*>& targets_;
  const std::vector<std::string>& sections_;
  std::vector<std::string> known_, seen_;
  bool lenient_;
};

void YamlSection::read(const std::vector<Settings*>& targets, const std::vector<std::string>& sections,
                       bool lenient) const {
  Pass pass(*node_, targets, sections, lenient);
  pass.read(node_->yaml, "");
  pass.find_missing(where_);
}

std::optional<YamlSection> YamlSection::section(std::string_view key, bool required) const {
  auto found = node_->find(key);
  // A section whose keys are all commented out says the same as none.
  if (!found || found->IsNull()) {
    if (required) node_->mistake(usage("{}: the section '{}' is missing", where_, key).value());
    return std::nullopt;
  }
  if (!found->IsMap()) {
    node_->mistake(
        usage("{}: {}: expected a section of keys, found {}", node_->place(*found), key, shape(*found))
            .value());
    return std::nullopt;
  }
  return YamlSection(std::make_shared<Node>(Node{*found, node_->document}));
}

std::vector<std::pair<std::string, YamlSection>> YamlSection::sections(std::string_view kind) const {
  std::vector<std::pair<std::string, YamlSection>> found;
  for (const auto& entry : node_->yaml) {
    if (!entry.first.IsScalar() || !entry.second.IsMap()) {
      std::string name = entry.first.IsScalar() ? entry.first.Scalar() : std::string(kind);
      node_->mistake(usage("{}: {}: expected {} with its keys below, found {}", node_->place(entry.first),
                           name, kind, shape(entry.second))
                         .value());
      continue;
    }
    const std::string& name = entry.first.Scalar();
    if (std::any_of(found.begin(), found.end(), [&](const auto& other) { return other.first == name; })) {
      node_->mistake(usage("{}: '{}' is here a second time", node_->place(entry.first), name).value());
      continue;
    }
    found.emplace_back(name, YamlSection(std::make_shared<Node>(Node{entry.second, node_->document})));
  }
  return found;
}

std::vector<YamlSection> YamlSection::list(std::string_view key) const {
  std::vector<YamlSection> found;
  auto node = node_->find(key);
  if (!node || node->IsNull()) return found;
  auto mistake = [&](const YAML::Node& at, const char* wanted) {
    node_->mistake(usage("{}: {}: expected {}, found {}", node_->place(at), key, wanted, shape(at)).value());
  };
  if (!node->IsSequence()) {
    mistake(*node, "a list of mappings");
    return found;
  }
  for (const auto& item : *node) {
    if (item.IsMap()) {
      found.push_back(YamlSection(std::make_shared<Node>(Node{item, node_->document})));
    } else {
      mistake(item, "a mapping");
    }
  }
  return found;
}

std::vector<std::string> YamlSection::keys() const {
  std::vector<std::string> found;
  for (const auto& entry : node_->yaml) {
    if (entry.first.IsScalar()) found.push_back(entry.first.Scalar());
  }
  return found;
}

std::optional<std::string> YamlSection::text(std::string_view key) const {
  auto found = node_->find(key);
  if (!found || !found->IsScalar()) return std::nullopt;
  auto expanded = expand_environment(found->Scalar(), where_);
  if (!expanded) return std::nullopt;
  return *expanded;
}

namespace {

// Where documents begin, and nothing else.
class DocumentCounter : public YAML::EventHandler {
 public:
  std::vector<YAML::Mark> begins;

  void OnDocumentStart(const YAML::Mark& mark) override { begins.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
};

// The beginning of a second document. Not by YAML::LoadAll, which finds empty ones for ever where none can
// begin (0.7, at a comma).
std::optional<YAML::Mark> second_document(const std::string& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  DocumentCounter counter;
  while (counter.begins.size() < 2 && parser.HandleNextDocument(counter)) continue;
  if (counter.begins.size() < 2) return std::nullopt;
  if (counter.begins[0].pos == counter.begins[1].pos)
    throw YAML::ParserException(counter.begins[0], "no value can begin here");
  return counter.begins[1];
}

}  // namespace

YamlDocument::YamlDocument(std::string_view text, std::string path) : path_(std::move(path)), text_(text) {
  try {
    if (auto second = second_document(text_)) {
      mistake(usage("{}: expected one YAML document, found another one", place(path_, *second)).value());
      return;
    }
    YAML::Node document = YAML::Load(text_);
    if (!document.IsMap()) {
      mistake(usage("{}: expected keys such as 'source:' and 'sinks:', found {}", path_, shape(document))
                  .value());
      return;
    }
    root_ = YamlSection(std::make_shared<YamlSection::Node>(YamlSection::Node{document, this}));
  } catch (const YAML::Exception& failure) {
    std::string_view line = line_of(text_, failure.mark.line);
    bool tab = line.substr(0, line.find_first_not_of(" \t")).find('\t') != line.npos;
    mistake(usage("{}: this is not YAML: {}{}", place(path_, failure.mark), failure.msg,
                  tab ? " (a tab cannot indent a line; use spaces)" : "")
                .value());
  }
}

YamlDocument::~YamlDocument() = default;

bool YamlDocument::closed(int line_number, int column) const {
  std::string_view line = line_of(text_, line_number);
  auto at = static_cast<size_t>(column);
  bool quoted = at < line.size() && (line[at] == '"' || line[at] == '\'');
  return !quoted || closed_on_its_line(line, at);
}

void YamlDocument::mistake(Error error) {
  if (std::find(mistakes_.begin(), mistakes_.end(), error.what) != mistakes_.end()) return;
  mistakes_.push_back(std::move(error.what));
}

std::vector<std::string> YamlDocument::mistakes() const {
  // Noted section by section; people read from top to bottom.
  auto number = [](std::string_view& text) {
    size_t value = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      value = value * 10 + static_cast<size_t>(text.front() - '0');
      text.remove_prefix(1);
    }
    if (!text.empty()) text.remove_prefix(1);
    return value;
  };
  auto where = [&](std::string_view text) {
    text.remove_prefix(std::min(path_.size() + 1, text.size()));
    size_t line = number(text);
    return std::pair(line, number(text));
  };
  std::vector<std::string> sorted = mistakes_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const std::string& a, const std::string& b) { return where(a) < where(b); });
  return sorted;
}

}  // namespace sluice::app
