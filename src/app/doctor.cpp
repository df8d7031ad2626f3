#include <unistd.h>

#include <algorithm>

#include "app/config.h"
#include "app/connection.h"
#include "app/json_object.h"
#include "app/terminal.h"
#include "app/verbs.h"
#include "source/mysql/doctor.h"

namespace sluice::app {
namespace {

constexpr Option kOptions[] = {
    {"json", OptionKind::Boolean, "", "one line of JSON a finding: grade, what, why, mend"}};
constexpr OptionGroup kGroups[] = {{"Options", [] { return std::span<const Option>(kOptions); }},
                                   {"Connection", source_options, "url|start"}};
constexpr Argument kArguments[] = {
    {"URL", "mysql://user@host:port/, or a sluice.yaml, whose source is then examined [sluice.yaml]"}};
constexpr Example kExamples[] = {
    {"sluice doctor mysql://root@127.0.0.1:3306/", "is this server ready to be read?"},
    {"sluice doctor sluice.yaml --json", "the pipeline's source, for a script"}};

std::string_view word(Finding::Grade grade) {
  if (grade == Finding::Grade::Ok) return "ok";
  return grade == Finding::Grade::Warning ? "warning" : "fault";
}

std::string line(const Finding& finding) {
  JsonObject json;
  json.text("grade", word(finding.grade))
      .text("what", finding.what)
      .text("why", finding.why)
      .text("mend", finding.mend);
  return json.str() + "\n";
}

std::string paragraph(const Finding& finding, const Look& look) {
  constexpr unsigned kIndent = 9;
  std::string head = fmt::format("{:<8}", word(finding.grade));
  std::string text = finding.grade == Finding::Grade::Ok        ? look.green(head)
                     : finding.grade == Finding::Grade::Warning ? look.yellow(head)
                                                                : look.red(head);
  text += " " + wrap(finding.what, kIndent, look.width) + "\n";
  std::string indent(kIndent, ' ');
  if (!finding.why.empty()) text += indent + wrap(finding.why, kIndent, look.width) + "\n";
  if (!finding.mend.empty()) text += indent + look.bold(finding.mend) + "\n";
  return text;
}

Result<MysqlSourceSetup> setup_of(const Invocation& invocation) {
  std::string target = invocation.argument(0, "sluice.yaml");
  if (target.find("://") == target.npos) {
    SLUICE_ASSIGN(config, load_config(target));
    return source_setup(config.source);
  }
  Settings source = invocation.group("Connection");
  SLUICE_TRY(source.set("url", {target}, "URL"));
  return source_setup(source);
}

Result<int> run(const Invocation& invocation) {
  SLUICE_ASSIGN(setup, setup_of(invocation));
  SLUICE_ASSIGN(findings, examine_mysql(setup));
  bool json = invocation.group("Options").boolean("json");
  Look look = Look::of(STDOUT_FILENO);
  std::string out;
  for (const Finding& finding : findings) out += json ? line(finding) : paragraph(finding, look);
  auto count = [&](Finding::Grade grade) {
    return std::count_if(findings.begin(), findings.end(),
                         [&](const Finding& f) { return f.grade == grade; });
  };
  auto faults = count(Finding::Grade::Fault), warnings = count(Finding::Grade::Warning);
  if (!json) {
    out += fmt::format("\n{} checks, {} warning{}, {} fault{}{}\n", findings.size(), warnings,
                       warnings == 1 ? "" : "s", faults, faults == 1 ? "" : "s",
                       faults == 0 ? ": this server can be read" : "");
  }
  SLUICE_TRY(print(out));
  return faults == 0 ? 0 : 1;
}

}  // namespace

const Command doctor_command = {"doctor",
                                "tell what a server lacks to be read, and the statement that mends it",
                                "It looks at the binary log, its format and its retention, the user's "
                                "grants, TLS, server ids and clocks, and changes "
                                "nothing. The exit code is 1 where there is a fault.",
                                kArguments,
                                kGroups,
                                kExamples,
                                run};

}  // namespace sluice::app
