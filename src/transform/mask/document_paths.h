// Which rule decides over each value of a document, told while going down into it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rule/json_path.h"

namespace sluice::mask {

class DocumentPaths {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // A value: how far each path has come there, and the first rule of those that mean it or what holds it.
  struct Place {
    size_t begin = 0, end = 0;  // in states_
    uint32_t rule = kNone;

    // Whether a rule that goes before `rule` may mean something within it.
    bool open() const { return begin != end; }
  };

  // In the order of the rules.
  void add(uint32_t rule, const std::vector<rule::JsonPath::Leg>& legs) { paths_.push_back({rule, legs}); }

  // `is_array`: of the value that the place is. Valid until leave() of a place around it.
  Place root(bool is_array);
  Place member(const Place& of, std::string_view key, bool is_array);
  Place element(const Place& of, size_t index, bool is_array);
  // Forgets the places within `place`.
  void leave(const Place& place) { states_.resize(place.end); }

 private:
  using Leg = rule::JsonPath::Leg;
  struct Path {
    uint32_t rule;
    std::vector<Leg> legs;
  };
  struct State {
    uint32_t path, leg;  // this leg comes next
    bool operator==(const State&) const = default;
  };

  template <class Fits>
  Place step(const Place& of, bool is_array, Fits fits);
  void arrive(Place& place, State state, bool is_array);

  std::vector<Path> paths_;
  std::vector<State> states_;
};

}  // namespace sluice::mask
