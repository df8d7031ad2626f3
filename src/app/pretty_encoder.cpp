#include "app/pretty_encoder.h"

#include <string>
#include <string_view>

namespace sluice::app {
namespace {

constexpr std::string_view kKey = "\x1b[34m", kText = "\x1b[32m", kPlain = "\x1b[0m";

class PrettyEncoder : public Encoder {
 public:
  PrettyEncoder(std::unique_ptr<Encoder> inner, bool colours) : inner_(std::move(inner)), colours_(colours) {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& out) override {
    plain_.clear();
    inner_->encode(batch, changes, plain_);
    paint_all(out);
  }

  bool grouped() const override { return inner_->grouped(); }
  bool in_order() const override { return inner_->in_order(); }
  void end_transaction(const Batch& batch, const Change& last, Outbox& out) override {
    plain_.clear();
    inner_->end_transaction(batch, last, plain_);
    paint_all(out);
  }

  std::unique_ptr<Encoder> clone() const override {
    return std::make_unique<PrettyEncoder>(inner_->clone(), colours_);
  }

 private:
  void paint_all(Outbox& out) {
    plain_.end_message();
    for (const Message& message : plain_.messages) {
      paint(plain_.bytes.view().substr(message.begin, message.end - message.begin), out.bytes);
      out.end_message();
    }
  }

  void paint(std::string_view rest, Bytes& out) {
    depth_ = 0;
    while (!rest.empty()) {
      size_t size = rest.front() == '"' ? text_size(rest) : 1;
      if (rest.front() == '"') {
        bool key = size < rest.size() && rest[size] == ':';
        painted(key ? kKey : kText, rest.substr(0, size), out);
      } else {
        mark(rest.front(), out);
      }
      rest.remove_prefix(size);
    }
  }

  // Of the quoted text at the front, quotes included.
  static size_t text_size(std::string_view rest) {
    size_t at = 1;
    while (at < rest.size() && rest[at] != '"') at += rest[at] == '\\' ? 2 : 1;
    return std::min(at + 1, rest.size());
  }

  // The outermost object is spread over lines; what it holds stays on them.
  void mark(char c, Bytes& out) {
    if (c == '{' || c == '[') {
      out.append(++depth_ == 1 ? "{\n  " : std::string_view(&c, 1));
    } else if (c == '}' || c == ']') {
      out.append(--depth_ == 0 ? "\n}" : std::string_view(&c, 1));
    } else if (c == ',') {
      out.append(depth_ == 1 ? ",\n  " : ", ");
    } else if (c == ':') {
      out.append(": ");
    } else {
      out.push(c);
    }
  }

  void painted(std::string_view colour, std::string_view text, Bytes& out) {
    if (colours_) out.append(colour);
    out.append(text);
    if (colours_) out.append(kPlain);
  }

  std::unique_ptr<Encoder> inner_;
  const bool colours_;
  Outbox plain_;
  int depth_ = 0;
};

}  // namespace

std::unique_ptr<Encoder> make_pretty_encoder(std::unique_ptr<Encoder> inner, bool colours) {
  return std::make_unique<PrettyEncoder>(std::move(inner), colours);
}

}  // namespace sluice::app
