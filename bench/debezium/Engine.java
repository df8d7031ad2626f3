// Debezium Embedded into a file of JSON lines or into Kafka, a batch at a time: java -cp 'libs/*' Engine.java PROPERTIES MESSAGES FILE|BROKERS TOPIC COMPRESSION
// Says on stdout when it took the first message and the middle one, and when the last of MESSAGES was safe, in milliseconds since 1970.
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.format.JsonByteArray;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.FileReader;
import java.io.OutputStream;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Engine {
  interface Target {
    void take(ChangeEvent<byte[], byte[]> event) throws Exception;
    void settle() throws Exception;  // all that was taken is safe
  }

  static Target file(String path) throws Exception {
    OutputStream out = new BufferedOutputStream(new FileOutputStream(path), 1 << 20);
    return new Target() {
      public void take(ChangeEvent<byte[], byte[]> event) throws Exception {
        out.write(event.value());
        out.write('\n');
      }
      public void settle() throws Exception { out.flush(); }
    };
  }

  static Target kafka(String brokers, String topic, String compression) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", brokers);
    settings.put("acks", "all");
    settings.put("enable.idempotence", "true");
    settings.put("linger.ms", "5");
    settings.put("compression.type", compression);
    KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    return new Target() {
      public void take(ChangeEvent<byte[], byte[]> event) { producer.send(new ProducerRecord<>(topic, event.key(), event.value())); }
      public void settle() { producer.flush(); }
    };
  }

  public static void main(String[] words) throws Exception {
    Properties properties = new Properties();
    try (FileReader reader = new FileReader(words[0])) { properties.load(reader); }
    long wanted = Long.parseLong(words[1]);
    Target target = words.length > 3 ? kafka(words[2], words[3], words[4]) : file(words[2]);
    long[] seen = {0};
    DebeziumEngine<ChangeEvent<byte[], byte[]>> engine = DebeziumEngine.create(JsonByteArray.class).using(properties).notifying((events, committer) -> {
      try {
        for (ChangeEvent<byte[], byte[]> event : (List<ChangeEvent<byte[], byte[]>>) (List<?>) events) {
          if (event.value() != null && event.key() != null && event.destination().endsWith(".orders")) {
            if (seen[0]++ == 0) System.out.println("first " + System.currentTimeMillis());
            if (seen[0] == wanted / 2) System.out.println("half " + System.currentTimeMillis());
            target.take(event);
          }
          committer.markProcessed(event);
        }
        target.settle();
        committer.markBatchFinished();
        if (seen[0] >= wanted) {
          System.out.println("last " + System.currentTimeMillis());
          System.exit(0);
        }
      } catch (Exception failure) {
        throw new RuntimeException(failure);
      }
    }).using((ok, message, error) -> {
      System.err.println("ended: " + message + (error == null ? "" : " " + error));
      System.exit(1);
    }).build();
    ExecutorService executor = Executors.newSingleThreadExecutor();
    executor.execute(engine);
  }
}
