#include "app/command_line.h"

#include <algorithm>
#include <map>

namespace sluice::app {
namespace {

// `--batch-bytes` and `batch_bytes`: hyphens on the command line, underscores in files.
std::string option_name(std::string_view word) {
  std::string name(word.substr(2));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class Parser {
 public:
  explicit Parser(Invocation& invocation) : invocation_(invocation) {}

  Result<void> parse(const std::vector<std::string>& words) {
    bool options_end = false;
    for (size_t i = 0; i < words.size(); ++i) {
      std::string_view word = words[i];
      if (options_end || word == "-" || !word.starts_with('-')) {
        invocation_.arguments.emplace_back(word);
      } else if (word == "--") {
        options_end = true;
      } else if (word == "-h") {
        said_["help"].values = {"true"};
      } else {
        SLUICE_TRY(option(words, i));
      }
    }
    for (auto& [name, setting] : said_) {
      SLUICE_TRY(invocation_.owner(name)->set(name, std::move(setting.values), std::move(setting.where)));
    }
    if (invocation_.common().boolean("help")) return {};
    return count_arguments();
  }

 private:
  // `--name value`, `--name=value`, `--switch`, `--no-switch`; moves `at` to the last word it took.
  Result<void> option(const std::vector<std::string>& words, size_t& at) {
    std::string_view word = words[at];
    size_t equals = word.find('=');
    std::string_view head = word.substr(0, equals);
    bool off = false;
    const Option* option = head.starts_with("--") ? find(option_name(head)) : nullptr;
    if (!option && head.starts_with("--no-")) {
      option = find(option_name("--" + std::string(head.substr(5))));
      off = option && option->kind == OptionKind::Boolean;
      if (!off) option = nullptr;
    }
    if (!option) return unknown(head);
    std::string where(head);
    if (off && equals != word.npos) return usage("{} takes no value", where);
    std::string value;
    if (equals != word.npos) {
      value = word.substr(equals + 1);
    } else if (option->kind == OptionKind::Boolean) {
      value = off ? "false" : "true";
    } else if (at + 1 < words.size()) {
      value = words[++at];
    } else {
      return usage("{}: its value is missing; expected {} {}", where, where, placeholder(*option));
    }
    Setting& setting = said_[std::string(option->name)];
    setting.where = where;
    // Said twice, lists grow; of anything else the last one counts, so that an alias can be overruled.
    if (option->kind != OptionKind::List) {
      setting.values = {std::move(value)};
      return {};
    }
    for (std::string& part : split_list(value)) setting.values.push_back(std::move(part));
    return {};
  }

  const Option* find(const std::string& name) {
    Settings* owner = invocation_.owner(name);
    if (!owner) return nullptr;
    std::span<const Option> options = owner->options();
    return &*std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.name == name; });
  }

  Failure unknown(std::string_view word) {
    std::vector<std::string> flags;
    for (const OptionGroup& group : invocation_.command().groups) {
      for (const Option& option : group.options()) {
        if (offered(group, option)) flags.push_back(flag(option));
      }
    }
    for (const Option& option : common_options()) flags.push_back(flag(option));
    std::string near = nearest(word, flags);
    if (!near.empty()) return usage("{} is not known; did you mean {}?", word, near);
    return usage("{} is not known", word);
  }

  Result<void> count_arguments() {
    std::span<const Argument> known = invocation_.command().arguments;
    const std::vector<std::string>& given = invocation_.arguments;
    for (size_t i = given.size(); i < known.size(); ++i) {
      if (known[i].required) return usage("{} is missing: {}", known[i].name, known[i].help);
    }
    bool endless = !known.empty() && known.back().repeated;
    if (given.size() > known.size() && !endless)
      return usage("'{}' is one argument too many", given[known.size()]);
    return {};
  }

  Invocation& invocation_;
  std::map<std::string, Setting> said_;
};

}  // namespace

Result<Invocation> parse_command_line(const Command& command, const std::vector<std::string>& words) {
  Invocation invocation(command);
  SLUICE_TRY(Parser(invocation).parse(words));
  return invocation;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    size_t from = text.find_first_not_of(" !");
    bool regex = from != text.npos && text[from] == '/';
    size_t end = regex ? text.find("/,", from + 1) : text.find(',');
    if (regex && end != text.npos) ++end;
    end = std::min(end, text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace sluice::app
