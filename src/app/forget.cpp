// forget: gives up where a sink is, of one that will not come back, or whose log is gone.
#include "app/control.h"
#include "app/own_reading.h"
#include "app/running.h"
#include "app/terminal.h"
#include "app/verbs.h"
#include "state/sqlite/sqlite_state.h"

namespace sluice::app {
namespace {

constexpr Argument kArguments[] = {
    {"FILE", "the configuration, or the state folder itself"},
    {"SINK", "its name in the configuration"},
};
constexpr Example kExamples[] = {
    {"sluice forget sluice.yaml audit", "the sink audit, which is no longer in sluice.yaml"}};

Result<int> run(const Invocation& invocation) {
  std::string sink = invocation.argument(1, "");
  if (sink.empty()) return usage("sluice forget: which sink? See 'sluice forget --help'");
  SLUICE_ASSIGN(folder, state_folder(invocation.argument(0, "")));
  SLUICE_ASSIGN(answer, ask_control(folder, {"forget", sink}));
  bool known = answer == R"({"known":true})";
  if (!answer.empty() && !known && answer != R"({"known":false})") {
    return fatal("the pipeline answers: {}", answer);
  }
  if (answer.empty()) {
    SLUICE_ASSIGN(state, open_sqlite_state(folder));
    SLUICE_ASSIGN(done, forget_sink(*state, folder, sink));
    known = done;
  }
  if (!known) return usage("{} knows no sink {}", folder, sink);
  SLUICE_TRY(print(fmt::format("forgot the sink {}\n", sink)));
  return 0;
}

}  // namespace

const Command forget_command = {"forget",
                                "give up where a sink is, and what waits for it",
                                "The position of a sink that is no longer in the configuration is kept, so "
                                "that it can come back and go on where "
                                "it was. This gives it up, with what is parked or spilled for it: should the "
                                "sink come back, it begins where the "
                                "others are then. A running pipeline forgets sinks that it does not have; "
                                "for one that it has, stop it first.",
                                kArguments,
                                {},
                                kExamples,
                                run};

}  // namespace sluice::app
