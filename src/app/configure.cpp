// init and check.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/config.h"
#include "app/run.h"
#include "app/terminal.h"
#include "app/verbs.h"
#include "state/sqlite/sqlite_state.h"

namespace sluice::app {
namespace {

constexpr Option kInitOptions[] = {{"force", OptionKind::Boolean, "", "write over a file that is there"}};
constexpr OptionGroup kInitGroups[] = {{"Options", [] { return std::span<const Option>(kInitOptions); }}};
constexpr Argument kInitArguments[] = {{"FILE", "where to write it [sluice.yaml]; - is stdout"}};
constexpr Example kInitExamples[] = {{"sluice init", "write ./sluice.yaml, ready to be edited"},
                                     {"sluice init - | less", "read the sample"}};

Result<void> write_file(const std::string& path, std::string_view text, bool force) {
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL), 0644);
  if (fd < 0 && errno == EEXIST)
    return usage("{} is there already; take another name, or --force to write over it", path);
  if (fd < 0) return fatal("cannot write {}: {}", path, std::strerror(errno));
  while (!text.empty()) {
    ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      int reason = errno;
      ::close(fd);
      return fatal("cannot write {}: {}", path, std::strerror(reason));
    }
    text.remove_prefix(static_cast<size_t>(n));
  }
  if (::close(fd) != 0) return fatal("cannot write {}: {}", path, std::strerror(errno));
  return {};
}

Result<int> run_init(const Invocation& invocation) {
  std::string path = invocation.argument(0, "sluice.yaml");
  if (path == "-") {
    SLUICE_TRY(print(sample_config()));
    return 0;
  }
  SLUICE_TRY(write_file(path, sample_config(), invocation.group("Options").boolean("force")));
  SLUICE_TRY(print(fmt::format("wrote {}; edit it, then: sluice check {}\n", path, path)));
  return 0;
}

constexpr Argument kCheckArguments[] = {{"FILE", "the configuration [sluice.yaml]"}};
constexpr Example kCheckExamples[] = {{"sluice check", "check ./sluice.yaml"}};

// Of a pipeline that has run, as its state folder has them; of another one nothing is known.
Result<void> check_tables(const RunPlan& plan) {
  Catalogue catalogue;
  if (!read_sqlite_catalogue(plan.state_folder, nullptr, catalogue)) return {};
  SLUICE_ASSIGN(selection, Selection::parse(plan.tables));
  std::vector<LaneFit> fits;
  for (const LanePlan& lane : plan.lanes) fits.push_back({lane.view, lane.route});
  return check_fits(catalogue, selection, plan.where, plan.masks.get(), fits);
}

Result<int> run_check(const Invocation& invocation) {
  std::string path = invocation.argument(0, "sluice.yaml");
  SLUICE_ASSIGN(config, load_config(path));
  SLUICE_ASSIGN(plan, plan_without_source(config));
  SLUICE_TRY(check_tables(plan));
  SLUICE_TRY(check_places(plan));
  SLUICE_TRY(print(fmt::format("{}: fine; pipeline '{}' with {} sink{}\n", path, plan.name, plan.lanes.size(),
                               plan.lanes.size() == 1 ? "" : "s")));
  return 0;
}

}  // namespace

const Command init_command = {
    "init",
    "write a commented sluice.yaml",
    "The sample shows every key with its meaning and default. It never writes over a file unless told so.",
    kInitArguments,
    kInitGroups,
    kInitExamples,
    run_init};

const Command check_command = {
    "check",
    "name every mistake in a sluice.yaml, with line, column and what was expected",
    "It asks neither the server nor a target, but for the folders of the sink file: "
    "for the server, see 'sluice doctor'. "
    "Of a pipeline that has run, conditions, computed columns and templates are "
    "compared with the tables that its state folder knows.",
    kCheckArguments,
    {},
    kCheckExamples,
    run_check};

}  // namespace sluice::app
