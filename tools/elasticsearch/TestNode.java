import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/** One node of Elasticsearch in this process: TestNode MODULES HOME HTTP_PORT TRANSPORT_PORT [SETTING=VALUE...] */
public class TestNode {
    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(arguments[1]).toAbsolutePath();
        Files.createDirectories(home.resolve("config"));
        Settings.Builder settings = Settings.builder()
            .put("path.home", home).put("path.data", home.resolve("data").toString()).put("path.logs", home.resolve("logs").toString())
            .put("cluster.name", "test").put("node.name", "one").put("discovery.type", "single-node")
            .put("network.host", "127.0.0.1").put("http.port", arguments[2]).put("transport.port", arguments[3])
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .put("node.store.allow_mmap", false);
        for (int i = 4; i < arguments.length; ++i) {
            String[] pair = arguments[i].split("=", 2);
            settings.put(pair[0], pair[1]);
        }
        LogConfigurator.configureESLogging();
        Node node = new Node(
            InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), home.resolve("config"), () -> "one"),
            PluginsLoader.createPluginsLoader(PluginsLoader.loadModulesBundles(Path.of(arguments[0])), Set.of(), Map.of(), false));
        node.start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (Exception failure) {
                failure.printStackTrace();
            }
        }));
        Thread.currentThread().join();
    }
}
