// A schema registry for the tests: `Registry`.
//
// Apicurio's, which answers Confluent's questions below `/apis/ccompat/v7` and keeps everything in
// memory. When it answers, the line `ready URL` goes to standard output. The end of standard input ends
// it.

import java.io.PrintStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;

class Registry {
    public static void main(String[] arguments) throws Exception {
        // Its log goes to standard output, which is kept for the answer.
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        System.setProperty("quarkus.http.host", "127.0.0.1");
        System.setProperty("quarkus.http.port", String.valueOf(port));
        System.setProperty("java.util.logging.manager", "org.jboss.logmanager.LogManager");
        Thread server = new Thread(() -> {
            try {
                Class.forName("io.quarkus.runner.GeneratedMain").getMethod("main", String[].class)
                    .invoke(null, (Object) new String[0]);
            } catch (ReflectiveOperationException e) {
                e.printStackTrace();
                Runtime.getRuntime().halt(1);
            }
        });
        server.setDaemon(true);
        server.start();
        String url = "http://127.0.0.1:" + port + "/apis/ccompat/v7";
        HttpRequest question = HttpRequest.newBuilder(URI.create(url + "/subjects")).build();
        HttpClient client = HttpClient.newHttpClient();
        for (;;) {
            try {
                if (client.send(question, HttpResponse.BodyHandlers.ofString()).statusCode() == 200) {
                    break;
                }
            } catch (ConnectException e) {
                Thread.onSpinWait();
            }
        }
        out.println("ready " + url);
        while (System.in.read() >= 0) {
            // Nothing is asked of it this way.
        }
        Runtime.getRuntime().halt(0);
    }
}
