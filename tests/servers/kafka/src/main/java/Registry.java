// A schema registry, as who writes records asks it.

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

class Registry {
    static final Pattern ID = Pattern.compile("\"id\"\\s*:\\s*(\\d+)");

    final String url;
    final HttpClient client = HttpClient.newHttpClient();

    Registry(String url) {
        this.url = url;
    }

    /** Registers the next version of a subject, and gives its id. References are JSON, or nothing. */
    int register(String subject, String type, String schema, String... references) throws Exception {
        StringBuilder body = new StringBuilder("{\"schemaType\":\"").append(type).append("\",\"schema\":");
        Avros.string(schema, body);
        body.append(",\"references\":[").append(String.join(",", references)).append("]}");
        HttpRequest question = HttpRequest.newBuilder(URI.create(url + "/subjects/" + subject + "/versions"))
            .header("Content-Type", "application/vnd.schemaregistry.v1+json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString())).build();
        HttpResponse<String> answer = client.send(question, HttpResponse.BodyHandlers.ofString());
        Matcher id = ID.matcher(answer.body());
        if (answer.statusCode() != 200 || !id.find()) {
            throw new IllegalStateException(subject + ": " + answer.statusCode() + " " + answer.body());
        }
        return Integer.parseInt(id.group(1));
    }
}
