#include "transform/mask/document_paths.h"

#include <algorithm>

namespace sluice::mask {

using What = rule::JsonPath::Leg::What;

DocumentPaths::Place DocumentPaths::root(bool is_array) {
  states_.clear();
  Place place;
  for (uint32_t path = 0; path < paths_.size(); ++path) arrive(place, {path, 0}, is_array);
  return place;
}

DocumentPaths::Place DocumentPaths::member(const Place& of, std::string_view key, bool is_array) {
  return step(of, is_array, [&](const Leg& leg) {
    return leg.what == What::AnyMember || (leg.what == What::Member && leg.key == key);
  });
}

DocumentPaths::Place DocumentPaths::element(const Place& of, size_t index, bool is_array) {
  return step(of, is_array, [&](const Leg& leg) {
    return leg.what == What::AnyElement || (leg.what == What::Element && leg.index == index);
  });
}

template <class Fits>
DocumentPaths::Place DocumentPaths::step(const Place& of, bool is_array, Fits fits) {
  Place place{states_.size(), states_.size(), of.rule};
  for (size_t i = of.begin; i < of.end; ++i) {
    State state = states_[i];
    const std::vector<Leg>& legs = paths_[state.path].legs;
    if (legs[state.leg].what == What::AnyDepth) {
      arrive(place, state, is_array);
    } else if (fits(legs[state.leg])) {
      arrive(place, {state.path, state.leg + 1}, is_array);
    }
  }
  return place;
}

// For the servers a value that is no array is one of one element ("Auto-wrapping of values", JSON path
// syntax).
void DocumentPaths::arrive(Place& place, State state, bool is_array) {
  const Path& path = paths_[state.path];
  if (path.rule >= place.rule) return;
  if (state.leg == path.legs.size()) {
    place.rule = path.rule;
    auto late = [&](const State& each) { return paths_[each.path].rule >= place.rule; };
    auto begin = states_.begin() + static_cast<ptrdiff_t>(place.begin);
    states_.erase(std::remove_if(begin, states_.end(), late), states_.end());
    place.end = states_.size();
    return;
  }
  if (std::find(states_.begin() + static_cast<ptrdiff_t>(place.begin), states_.end(), state) == states_.end())
    states_.push_back(state);
  place.end = states_.size();
  const Leg& leg = path.legs[state.leg];
  bool itself = !is_array && (leg.what == What::AnyElement || (leg.what == What::Element && leg.index == 0));
  if (itself || leg.what == What::AnyDepth) arrive(place, {state.path, state.leg + 1}, is_array);
}

}  // namespace sluice::mask
