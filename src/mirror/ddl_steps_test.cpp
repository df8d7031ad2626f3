#include "mirror/ddl_steps.h"

#include <gtest/gtest.h>

#include "wire/mysql/ddl.h"

namespace sluice::mirror {
namespace {

// Says what it is asked.
class Words final : public Spelling {
 public:
  std::string type(const Column& column, bool in_key) const override {
    return column.declared + (in_key ? " of the key" : "");
  }
  std::string literal(const Column&, const std::string* text) const override {
    return text ? "<" + *text + ">" : "<nothing>";
  }
  void begin(const Table&) override {}
  void value(Bytes&, const Cell&, uint32_t) override {}
  std::string_view comma() const override { return ","; }
  bool met_invalid_text() override { return false; }
  bool keyed() const override { return true; }
  std::unique_ptr<Spelling> clone() const override { return std::make_unique<Words>(); }
};

std::string text(const std::vector<Step>& steps) {
  constexpr const char* kVerbs[] = {"rename", "drop", "add", "modify"};
  std::string text;
  for (const Step& step : steps) {
    text += fmt::format("{}{} {}{}{}", text.empty() ? "" : "; ", kVerbs[static_cast<size_t>(step.what)],
                        step.column, step.detail.empty() ? "" : " ", step.detail);
  }
  return text;
}

TEST(MirrorDdlSteps, TellWhatAnAlterTableDid) {
  struct Case {
    const char *statement, *steps;  // of a refusal: a part of its words
    bool refused = false;
  };
  // Of create table t (id int primary key, a int, b varchar(9), c datetime)
  const Case cases[] = {
      {"alter table t add d int", "add d NULL"},
      {"alter table t add d int not null first", "add d <nothing>"},
      {"alter table t add d int default 5, add e varchar(3) not null default 'it''s' after a",
       "add e <it's>; add d <5>"},
      {"alter table t add d timestamp not null default current_timestamp", "add d <1970-01-12 13:46:40>"},
      {"alter table t drop a, drop column b", "drop a; drop b"},
      {"alter table t rename column a to aa", "rename a aa"},
      {"alter table t change a aa bigint, drop b", "rename a aa; modify aa; drop b"},
      {"alter table t modify a bigint, modify b varchar(9) first", "modify a"},
      {"alter table t change id number int", "rename id number"},
      {"alter table t modify id bigint", "modify id"},
      {"alter table t add index (a), comment 'x'", ""},
      {"alter table t rename to u", ""},
      {"alter table t rename to u, add d int", "add d NULL"},
      {"rename table t to u", ""},
      {"set statement lock_wait_timeout=1 for alter table t drop a", "drop a"},
      {"alter table t add d double default (a + 1)", "an expression for its DEFAULT", true},
      {"alter table t add d datetime(3) default current_timestamp(3)", "an expression for its DEFAULT", true},
      {"alter table t add d int as (a + 1) stored", "what the column d holds in the rows that are there",
       true},
      {"alter table t drop a, add a varchar(3)", "drops the column a and adds another one of that name",
       true},
      {"alter table t rename column a to b, rename column b to a",
       "gives the name b of one column to another", true},
      {"alter table t drop primary key, add primary key (a)", "the primary key of d.t changes", true},
      {"alter table t drop primary key", "the primary key of d.t changes", true},
  };
  Words words;
  for (const Case& each : cases) {
    SCOPED_TRACE(each.statement);
    Catalogue catalogue;
    mysql::DdlContext context{.database = "d", .server_charset = "utf8mb4"};
    for (const char* sql :
         {"create database d", "create table t (id int primary key, a int, b varchar(9), c datetime)"}) {
      ASSERT_TRUE(mysql::apply_ddl(sql, context, catalogue).understood);
    }
    mysql::DdlOutcome outcome = mysql::apply_ddl(each.statement, context, catalogue);
    ASSERT_TRUE(outcome.understood) << outcome.why;
    ASSERT_TRUE(outcome.before && outcome.after);
    Event event{};
    event.query = each.statement;
    event.database = "d";
    event.timestamp = 1'000'000;
    auto steps = steps_of(*outcome.before, *outcome.after, event, words);
    if (steps)
      EXPECT_EQ(text(*steps), each.steps);
    else
      EXPECT_NE(steps.error().what.find(each.steps), std::string::npos) << steps.error().what;
    EXPECT_EQ(steps.has_value(), !each.refused);
  }
}

}  // namespace
}  // namespace sluice::mirror
