// The types of columns as Debezium has them (schema.cpp), in Avro and Protobuf.
#include "format/debezium/binary_plan.h"

namespace sluice::debezium {
namespace {

using Step = BinaryStep;
using Type = ValueSchema::Type;

ValueSchema named(Type type, std::string name,
                  std::vector<std::pair<std::string, std::string>> parameters = {}) {
  return {.type = type,
          .connect_name = std::move(name),
          .connect_version = 1,
          .parameters = std::move(parameters)};
}

std::string joined(const std::vector<std::string>& members) {
  std::string all;
  for (const std::string& member : members) all += (all.empty() ? "" : ",") + member;
  return all;
}

// The fields of confluent.type.Decimal, so that its readers read it, without an import.
std::shared_ptr<const RecordSchema> decimal_record() {
  static const auto the = std::make_shared<const RecordSchema>(
      RecordSchema{.name = "Decimal",
                   .space = "confluent.type",
                   .fields = {{.name = "value", .value = {.type = Type::Bytes}},
                              {.name = "precision", .value = {.type = Type::Int}},
                              {.name = "scale", .value = {.type = Type::Int}}}});
  return the;
}

ValueSchema precise(unsigned precision, unsigned scale, bool precision_known, bool proto) {
  constexpr char kName[] = "org.apache.kafka.connect.data.Decimal";
  if (proto) {
    return {.type = Type::Record,
            .precision = precision,
            .scale = scale,
            .record = decimal_record(),
            .connect_name = kName};
  }
  ValueSchema made = named(Type::Bytes, kName, {{"scale", std::to_string(scale)}});
  if (precision_known) made.parameters.emplace_back("connect.decimal.precision", std::to_string(precision));
  made.logical = "decimal";
  // What AvroData says where nobody says how many digits there are.
  made.precision = precision_known ? precision : 64;
  made.scale = scale;
  return made;
}

ColumnShape decimal(const Column& column, const Options& options, bool proto) {
  switch (options.decimals) {
    case Options::Decimals::Double: return {{.type = Type::Double}, Step::DecimalDouble};
    case Options::Decimals::String: return {{.type = Type::String}, Step::DecimalText};
    default: return {precise(column.precision, column.scale, true, proto), Step::Decimal};
  }
}

ColumnShape moment(const Column& column, const Options& options) {
  using Times = Options::Times;
  Times times = options.times;
  bool iso = times == Times::IsoString, connect = times == Times::Connect, nano = times == Times::Nanoseconds;
  switch (column.type) {
    case ColumnType::Date: {
      if (iso) return {named(Type::String, "io.debezium.time.IsoDate"), Step::DateIso};
      ValueSchema made =
          named(Type::Int, connect ? "org.apache.kafka.connect.data.Date" : "io.debezium.time.Date");
      if (connect) made.logical = "date";
      return {std::move(made), Step::DateDays};
    }
    case ColumnType::Time: {
      if (iso) return {named(Type::String, "io.debezium.time.IsoTime"), Step::TimeIso};
      if (!connect) {
        return {named(Type::Long, nano ? "io.debezium.time.NanoTime" : "io.debezium.time.MicroTime"),
                nano ? Step::TimeNanos : Step::TimeMicros};
      }
      ValueSchema made = named(Type::Int, "org.apache.kafka.connect.data.Time");
      made.logical = "time-millis";
      return {std::move(made), Step::TimeMillis};
    }
    default: break;
  }
  if (iso) return {named(Type::String, "io.debezium.time.IsoTimestamp"), Step::DateTimeIso};
  if (nano) return {named(Type::Long, "io.debezium.time.NanoTimestamp"), Step::DateTimeNanos};
  if (connect) {
    ValueSchema made = named(Type::Long, "org.apache.kafka.connect.data.Timestamp");
    made.logical = "timestamp-millis";
    return {std::move(made), Step::DateTimeMillis};
  }
  bool milli = times == Times::Adaptive && column.fraction_digits <= 3;
  return {named(Type::Long, milli ? "io.debezium.time.Timestamp" : "io.debezium.time.MicroTimestamp"),
          milli ? Step::DateTimeMillis : Step::DateTimeMicros};
}

ColumnShape whole_number(const Column& column, const Options& options, bool proto) {
  auto small = [](std::string type) {
    return ColumnShape{{.type = Type::Int, .connect_type = std::move(type)}, Step::Int};
  };
  switch (column.type) {
    case ColumnType::TinyInt: return small("int16");
    case ColumnType::SmallInt:
      return column.is_unsigned ? ColumnShape{{.type = Type::Int}, Step::Int} : small("int16");
    case ColumnType::MediumInt: return {{.type = Type::Int}, Step::Int};
    case ColumnType::Int: return {{.type = column.is_unsigned ? Type::Long : Type::Int}, Step::Int};
    default: break;
  }
  if (column.is_unsigned && options.precise_unsigned)
    return {precise(20, 0, false, proto), Step::UnsignedDecimal};
  return {{.type = Type::Long}, Step::Int};
}

ColumnShape geometry(bool point) {
  std::string name = point ? "Point" : "Geometry", space = "io.debezium.data.geometry";
  RecordSchema record{.name = name, .space = space, .connect_name = space + "." + name, .connect_version = 1};
  if (point) {
    record.fields = {{.name = "x", .value = {.type = Type::Double}},
                     {.name = "y", .value = {.type = Type::Double}}};
  }
  record.fields.push_back({.name = "wkb", .value = {.type = Type::Bytes}, .optional = point});
  record.fields.push_back({.name = "srid", .value = {.type = Type::Int}, .optional = true});
  return {{.type = Type::Record, .record = std::make_shared<const RecordSchema>(std::move(record))},
          point ? Step::Point : Step::Geometry};
}

ColumnShape binary(const Options& options) {
  switch (options.binary) {
    case Options::Binary::Base64: return {{.type = Type::String}, Step::Base64};
    case Options::Binary::Base64UrlSafe: return {{.type = Type::String}, Step::Base64Url};
    case Options::Binary::Hex: return {{.type = Type::String}, Step::Hex};
    default: return {{.type = Type::Bytes}, Step::Bytes};
  }
}

}  // namespace

ColumnShape binary_shape(const Column& column, const void* given) {
  const auto& options = *static_cast<const Options*>(given);
  bool proto = options.encoding == Options::Encoding::Protobuf;
  auto labels = [&](std::string name) {
    return named(Type::String, std::move(name), {{"allowed", joined(column.members)}});
  };
  switch (column.type) {
    case ColumnType::TinyInt:
    case ColumnType::SmallInt:
    case ColumnType::MediumInt:
    case ColumnType::Int:
    case ColumnType::BigInt: return whole_number(column, options, proto);
    case ColumnType::Float: return {{.type = Type::Float}, Step::Float};
    case ColumnType::Double: return {{.type = Type::Double}, Step::Double};
    case ColumnType::Decimal: return decimal(column, options, proto);
    case ColumnType::Bit:
      if (column.length == 1) return {{.type = Type::Boolean}, Step::Boolean};
      return {named(Type::Bytes, "io.debezium.data.Bits", {{"length", std::to_string(column.length)}}),
              Step::BitBytes};
    case ColumnType::Year: return {named(Type::Int, "io.debezium.time.Year"), Step::Int};
    case ColumnType::Date:
    case ColumnType::Time:
    case ColumnType::DateTime: return moment(column, options);
    case ColumnType::Timestamp:
      return {named(Type::String, "io.debezium.time.ZonedTimestamp"), Step::TimestampIso};
    case ColumnType::Binary:
    case ColumnType::VarBinary:
    case ColumnType::TinyBlob:
    case ColumnType::Blob:
    case ColumnType::MediumBlob:
    case ColumnType::LongBlob: return binary(options);
    case ColumnType::Enum: return {labels("io.debezium.data.Enum"), Step::Enum};
    case ColumnType::Set: return {labels("io.debezium.data.EnumSet"), Step::Set};
    case ColumnType::Json: return {named(Type::String, "io.debezium.data.Json"), Step::Json};
    case ColumnType::Geometry: return geometry(column.declared == "point");
    case ColumnType::Vector: {
      ValueSchema made = named(Type::Array, "io.debezium.data.FloatVector");
      made.items = std::make_shared<const ValueSchema>(ValueSchema{.type = Type::Float});
      return {std::move(made), Step::Floats};
    }
    case ColumnType::Uuid: return {{.type = Type::String}, Step::Uuid};
    case ColumnType::Inet4: return {{.type = Type::String}, Step::Inet4};
    case ColumnType::Inet6: return {{.type = Type::String}, Step::Inet6};
    default: return {{.type = Type::String}, Step::Text};
  }
}

}  // namespace sluice::debezium
