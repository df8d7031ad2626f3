#include "format/json/fields.h"

#include "format/json_text.h"

namespace sluice::json {
namespace {

// server_id becomes serverId; the prefix stays what it is.
std::string camel_case(const std::string& name, size_t prefix) {
  std::string result = name.substr(0, prefix);
  for (size_t i = prefix; i < name.size(); ++i) {
    bool joins = name[i] == '_' && i + 1 < name.size();
    result += joins ? static_cast<char>(name[++i] - 'a' + 'A') : name[i];
  }
  return result;
}

}  // namespace

Fields::Fields(const Options& options) {
  bool flat = options.layout == Layout::Flat;
  auto bare = [&](const std::string& field) {
    std::string full = options.prefix + field;
    return options.camel_case ? camel_case(full, options.prefix.size()) : full;
  };
  auto name = [&](const std::string& field) { return quoted(bare(field)); };
  auto key = [&](const std::string& field) { return "," + name(field) + ":"; };
  // In the flat layout an object's members stand in its place, named after it.
  auto member = [&](const std::string& object, const std::string& field) {
    return key(flat ? object + "_" + field : field);
  };
  op = "{" + name("op") + ":\"";
  db = key("db");
  table = key("table");
  ts = key("ts") + "\"";
  id = "\"" + key("id") + "\"";
  source = flat ? "" : key("source");
  source_name = member("source", "name");
  source_server_id = member("source", "server_id");
  source_file = member("source", "file") + "\"";
  source_pos = "\"" + member("source", "pos");
  source_gtid = member("source", "gtid") + "\"";
  tx = flat ? "" : key("tx");
  tx_id = member("tx", "id") + "\"";
  tx_index = "\"" + member("tx", "index");
  tx_last = member("tx", "last") + "true";
  tx_xa = member("tx", "xa") + "\"";
  query = key("query") + "\"";
  patch = key("patch");
  statement = key("statement") + "\"";
  if (!flat) return;
  auto stand = [&](std::initializer_list<const char*> fields) {
    for (const char* field : fields) beside.push_back(bare(field));
  };
  stand({"op", "db", "table", "ts", "id", "patch"});
  if (options.source) stand({"source_name", "source_server_id", "source_file", "source_pos", "source_gtid"});
  if (options.tx) stand({"tx_id", "tx_index", "tx_last", "tx_xa"});
  if (options.query) stand({"query"});
}

}  // namespace sluice::json
