#include "sink/file/frame_writer.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "support/zstd_file.h"

namespace sluice::file {
namespace {

TEST(FrameWriter, CanBeReadUpToEveryAppend) {
  FrameWriter writer(Compression::Zstd);
  Bytes out;
  std::string all;
  for (int i = 0; i < 100; ++i) {
    std::string line = fmt::format(
        "{{\"op\":\"insert\",\"db\":\"shop\",\"table\":\"orders\",\"id\":\"0-1-{}#0\",\"after\":{{\"id\":{}}}"
        "}}\n",
        i, 7 * i);
    all += line;
    writer.append(line, out);
    ASSERT_EQ(test::unzip(out.view()).bytes, all);
  }
  EXPECT_TRUE(writer.inside_frame());
  EXPECT_FALSE(test::unzip(out.view()).whole);
  writer.end(out);
  EXPECT_TRUE(test::unzip(out.view()).whole);
  EXPECT_EQ(test::unzip(out.view()).bytes, all);
  EXPECT_LT(out.size(), all.size() / 2) << "a frame of many appends is small";
}

TEST(FrameWriter, GoesOnBehindAFileThatWasCutBehindAnAppend) {
  std::string kept;
  Bytes out;
  FrameWriter first(Compression::Zstd);
  first.append("one\n", out);
  size_t checkpoint = out.size();
  first.append("lost\n", out);
  out.truncate(checkpoint);
  FrameWriter second(Compression::Zstd);
  second.resume(true);
  EXPECT_TRUE(second.inside_frame());
  second.append("", out);
  EXPECT_EQ(out.size(), checkpoint) << "nothing for nothing";
  second.append("two\n", out);
  EXPECT_EQ(test::unzip(out.view()).bytes, "one\ntwo\n");
  second.end(out);
  EXPECT_TRUE(test::unzip(out.view()).whole);
}

TEST(FrameWriter, ClosesAFrameThatAnotherBegan) {
  Bytes out;
  FrameWriter(Compression::Zstd).append("one\n", out);
  FrameWriter second(Compression::Zstd);
  second.resume(true);
  second.end(out);
  EXPECT_FALSE(second.inside_frame());
  EXPECT_TRUE(test::unzip(out.view()).whole);
  EXPECT_EQ(test::unzip(out.view()).bytes, "one\n");
}

TEST(FrameWriter, EndsFramesOnceTheyAreLong) {
  FrameWriter writer(Compression::Zstd);
  Bytes out;
  std::string part(FrameWriter::kFrameBytes / 2, 'x');
  writer.append(part, out);
  EXPECT_TRUE(writer.inside_frame());
  writer.append(part, out);
  EXPECT_FALSE(writer.inside_frame());
  writer.append("y", out);
  writer.end(out);
  EXPECT_EQ(test::unzip(out.view()).bytes, part + part + "y");
}

}  // namespace
}  // namespace sluice::file
