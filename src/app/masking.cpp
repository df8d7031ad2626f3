#include "app/masking.h"

#include <algorithm>
#include <map>

#include "app/config.h"
#include "app/yaml_section.h"
#include "model/column_patterns.h"

namespace sluice::app {
namespace {

constexpr size_t kLeastKey = 16;  // bytes

constexpr Option kOptions[] = {
    {"key", OptionKind::Secret, "",
     "the secret behind codes, noise, shifts and encryption: at least 16 bytes, such as `openssl rand -hex "
     "32` "
     "makes; whoever has it can tell which value is behind a code"},
    {"key_file", OptionKind::Text, "", "a file that holds it, in the place of key", {}, false, "FILE"},
};

std::span<const Option> rule_table() {
  static const Option table[] = {
      {"columns",
       OptionKind::List,
       "",
       "the columns that it masks: database.table.column with * and ?, ! before what is not meant, /regular "
       "expression/",
       {},
       false,
       "PATTERN,..."},
      {"paths",
       OptionKind::List,
       "",
       "of JSON columns, and of text that holds documents: what is masked within them, as $.phone, "
       "$.people[*].name, $**.city",
       {},
       false,
       "PATH,..."},
      {"tag", OptionKind::Text, "", "in the place of columns: the name of a list of patterns under tags"},
      {"with", OptionKind::Choice, "", "what stands in the place of their values", mask::kind_names(), true},
  };
  return table;
}

using Tags = std::map<std::string, std::vector<std::string>>;

class Reader {
 public:
  explicit Reader(YamlDocument& document) : document_(document) {}

  std::shared_ptr<const mask::MaskSetup> read(const YamlSection& section) {
    size_t before = document_.mistake_count();
    Settings own(kOptions);
    section.read({&own}, {"tags", "rules"});
    auto setup = std::make_shared<mask::MaskSetup>();
    setup->key = key_of(own, section.where());
    if (auto tags = section.section("tags", false)) read_tags(*tags);
    for (const YamlSection& rule : section.list("rules")) read_rule(rule, *setup);
    if (document_.mistake_count() == before && setup->rules.empty())
      note(usage("{}: rules: expected at least one rule, such as {{columns: \"*.phone\", with: phone}}",
                 section.where()));
    return document_.mistake_count() == before ? setup : nullptr;
  }

 private:
  void note(const Failure& failure) { document_.mistake(failure.value()); }

  Secret key_of(const Settings& own, const std::string& where) {
    std::string key = own.secret("key").reveal();
    std::string place = own.where("key");
    if (own.given("key") == own.given("key_file")) {
      note(usage("{}: masks need one of key and key_file, a secret of at least {} bytes", where, kLeastKey));
      return Secret();
    }
    if (own.given("key_file")) {
      place = own.where("key_file");
      auto text = read_file(own.text("key_file"));
      if (!text) {
        note(while_doing(place + ": key_file", text.error()));
        return Secret();
      }
      key = std::move(*text);
      while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
    }
    if (key.size() < kLeastKey)
      note(usage("{}: the key has {} bytes; expected at least {}", place, key.size(), kLeastKey));
    return Secret(std::move(key));
  }

  void read_tags(const YamlSection& section) {
    std::vector<std::string> names = section.keys();
    std::vector<Option> table;
    for (const std::string& name : names) table.push_back({name, OptionKind::List, "", "patterns"});
    Settings lists(table);
    section.read({&lists});
    for (const std::string& name : names) tags_[name] = lists.list(name);
  }

  void read_rule(const YamlSection& section, mask::MaskSetup& setup) {
    size_t before = document_.mistake_count();
    Settings own(rule_table());
    const mask::MaskKind* kind = mask::find_kind(section.text("with").value_or(""));
    Settings settings(kind ? kind->options : std::span<const Option>());
    section.read({&own, &settings}, {}, !kind);
    if (document_.mistake_count() != before) return;
    if (own.given("columns") == own.given("tag"))
      return note(usage("{}: a mask needs one of columns and tag", section.where()));
    std::vector<std::string> patterns = own.list("columns");
    std::string place = own.where(own.given("tag") ? "tag" : "columns");
    if (own.given("tag")) {
      auto tag = tags_.find(own.text("tag"));
      if (tag == tags_.end()) return note(usage("{}: there is no '{}' under tags", place, own.text("tag")));
      patterns = tag->second;
    }
    if (patterns.empty()) return note(usage("{}: expected at least one pattern", place));
    if (auto good = check_column_patterns(patterns); !good) return note(while_doing(place, good.error()));
    auto columns = mask::parse_columns(patterns);
    if (!columns) return note(while_doing(place, columns.error()));
    if (kind->check) {
      auto checked = kind->check(settings);
      if (!checked) return note(while_doing(section.where(), checked.error()));
    }
    mask::MaskRule rule{section.where(), std::move(patterns), std::move(*columns), kind, std::move(settings)};
    for (const std::string& text : own.list("paths")) {
      auto path = rule::JsonPath::parse(text, 0, text, true);
      if (!path) return note(while_doing(own.where("paths"), path.error()));
      rule.paths.push_back(std::move(*path));
    }
    if (own.given("paths") && rule.paths.empty())
      return note(usage("{}: expected at least one path, such as $.phone", own.where("paths")));
    setup.rules.push_back(std::move(rule));
  }

  YamlDocument& document_;
  Tags tags_;
};

}  // namespace

std::span<const Option> mask_options() { return kOptions; }
std::span<const Option> mask_rule_options() { return rule_table(); }

std::shared_ptr<const mask::MaskSetup> read_masks(const YamlSection& section, YamlDocument& document) {
  return Reader(document).read(section);
}

}  // namespace sluice::app
