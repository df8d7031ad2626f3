#include "sink/elasticsearch/options.h"

#include <algorithm>

namespace sluice::elasticsearch {
namespace {

constexpr Option kOptions[] = {
    kNodesUrl,
    {"index",
     OptionKind::Text,
     "{database}-{table}",
     "the index of a row's document; a template",
     {},
     false,
     "TEMPLATE"},
    {"id",
     OptionKind::Text,
     "{key}",
     "the _id of a row's document: {key}, the values of the primary key; or text with the values of columns, "
     "such as {column:region}-{column:number}",
     {},
     false,
     "TEMPLATE"},
    kNodesUser,
    kNodesPassword,
    {"api_key",
     OptionKind::Secret,
     "",
     "an API key as the server encodes it, instead of a user",
     {},
     false,
     "KEY"},
    {"connections",
     OptionKind::Integer,
     "2",
     "bulk requests under way at once; the changes of one document go one after the other",
     {},
     false,
     {},
     1,
     64},
    {"max_changes", OptionKind::Integer, "5000", "of one bulk request", {}, false, {}, 1, 100'000},
    {"max_bytes",
     OptionKind::Size,
     "5MB",
     "of one bulk request, unless one document alone is larger",
     {},
     false,
     {},
     1024,
     1 << 30},
    {"truncate", OptionKind::Choice, "apply",
     "when a table is emptied or dropped: empty or delete its index, leave it as it is, or stop",
     "apply|ignore|stop"},
    {"create", OptionKind::Boolean, "false",
     "make indices and their mappings from the tables; else the server maps fields by the values it meets"},
    {"decimals", OptionKind::Choice, "text",
     "how a DECIMAL is spelt: text keeps every digit, number is what JSON's readers make of it",
     "text|number"},
    {"zero_dates", OptionKind::Choice, "refuse",
     "of dates that no calendar has, such as 0000-00-00: refuse the row, write null (as_null), or the text "
     "as it is",
     "refuse|as_null|text"},
    kTlsCa,
    kTlsVerify,
    kTlsCert,
    kTlsKey,
    kNodesTimeout,
};

// Whether the places of the index's template are all the same for one table.
bool by_table(std::string_view text) {
  for (std::string_view place :
       {"{column:", "{hash:", "{key}", "{op}", "{id}", "{gtid}", "{xid}", "{time:"}) {
    if (text.find(place) != text.npos) return false;
  }
  return true;
}

Result<std::vector<DocumentOptions::Part>> parse_id(const std::string& text, const std::string& where) {
  std::vector<DocumentOptions::Part> parts;
  if (text == "{key}") return parts;
  auto literal = [&](std::string_view more) {
    if (parts.empty() || parts.back().column) parts.push_back({});
    parts.back().text += more;
  };
  constexpr std::string_view kColumn = "{column:";
  bool any = false;
  for (std::string_view rest = text; !rest.empty();) {
    if (rest.starts_with("{{") || rest.starts_with("}}")) {
      literal(rest.substr(0, 1));
      rest.remove_prefix(2);
    } else if (rest[0] == '{') {
      size_t end = rest.find('}');
      if (!rest.starts_with(kColumn) || end == rest.npos || end == kColumn.size()) {
        return usage("{}: id: '{}': expected {{key}} alone, or text with {{column:NAME}}", where, text);
      }
      parts.push_back({std::string(rest.substr(kColumn.size(), end - kColumn.size())), true});
      any = true;
      rest.remove_prefix(end + 1);
    } else {
      literal(rest.substr(0, 1));
      rest.remove_prefix(1);
    }
  }
  if (!any) {
    return usage(
        "{}: id: '{}' names no column, so that all rows would be one document; expected {{key}} or "
        "text with {{column:NAME}}",
        where, text);
  }
  return parts;
}

}  // namespace

std::span<const Option> option_table() { return kOptions; }

Result<DocumentOptions> parse_document_options(const Settings& settings) {
  DocumentOptions made;
  SLUICE_ASSIGN(id, parse_id(settings.text("id"), settings.where("id")));
  made.id = std::move(id);
  made.index_by_row = !by_table(settings.text("index"));
  made.decimals_as_text = settings.text("decimals") == "text";
  std::string zero = settings.text("zero_dates");
  made.zero_dates = zero == "as_null" ? ZeroDates::Null
                    : zero == "text"  ? ZeroDates::Text
                                      : ZeroDates::Refuse;
  made.mappings = settings.boolean("create");
  return made;
}

Result<Options> parse_options(const Settings& settings) {
  Options made;
  SLUICE_ASSIGN(nodes, read_nodes(settings));
  made.nodes = std::move(nodes);
  made.api_key = settings.secret("api_key");
  if (settings.given("api_key") && settings.given("user")) {
    return usage("{}: api_key and user cannot both be sent; give one of them", settings.where("api_key"));
  }
  std::string key = made.api_key.reveal();
  if (!std::all_of(key.begin(), key.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; })) {
    return usage("{}: api_key holds a space or another character that no API key has",
                 settings.where("api_key"));
  }
  std::string index = settings.text("index"), truncate = settings.text("truncate");
  bool names_table = index.find("table}") != index.npos;
  if (truncate == "apply" && !settings.given("truncate") && (!by_table(index) || !names_table)) {
    return usage(
        "{}: index: '{}' does not give each table an index of its own, so that truncate must be said: apply "
        "empties whole indices, ignore leaves them, stop stops",
        settings.where("index"), index);
  }
  if (truncate == "apply" && !by_table(index)) {
    return usage(
        "{}: truncate: apply needs an index that the table alone decides on, not '{}'; say ignore or stop",
        settings.where("truncate"), index);
  }
  made.truncate = truncate == "apply"  ? OnTruncate::Apply
                  : truncate == "stop" ? OnTruncate::Stop
                                       : OnTruncate::Ignore;
  made.connections = settings.integer("connections");
  made.max_changes = settings.integer("max_changes");
  made.max_bytes = settings.size("max_bytes");
  made.create = settings.boolean("create");
  SLUICE_TRY(parse_document_options(settings));
  return made;
}

}  // namespace sluice::elasticsearch
