// Floating-point numbers as Java's Double.toString and Float.toString write them: 1.0, 0.001, 1.0E-4, 1.0E7.
#pragma once

namespace sluice {

// The shortest digits that read back as the same value, at least one behind the point. Room: kScalarBytes and
// kSlack (spell.h).
char* spell_java_double(char* out, double value);
char* spell_java_float(char* out, float value);

}  // namespace sluice
