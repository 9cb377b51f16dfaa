import java.sql.*;
import java.util.*;

/**
 * What the Arrow Flight SQL JDBC driver does with a server, and what it must find.
 *
 * Usage: Jdbc PLAIN NARROW ENCRYPTED ASKING CA.pem CLIENT.pem CLIENT.key TOKEN: servers, HOST:PORT each,
 * one with the shipped catalog and a writable one, `made`, one that runs one statement at once, and two
 * with TLS that know the user ada, the last of which asks for a certificate.
 */
public class Jdbc {
    static int checks = 0;

    static void check(boolean right, Object what) {
        checks++;
        if (!right) throw new AssertionError(String.valueOf(what));
    }

    static void same(Object found, Object expected) {
        check(Objects.equals(found, expected), "found " + found + ", expected " + expected);
    }

    interface Run {
        void run() throws Exception;
    }

    static void fails(String text, Run run) throws Exception {
        try {
            run.run();
        } catch (SQLException | RuntimeException e) {
            // An error in the midst of rows comes out of the driver as it is.
            String all = "";
            for (Throwable t = e; t != null; t = t.getCause()) all += t.getMessage() + "\n";
            check(all.contains(text), "expected `" + text + "` in " + all);
            return;
        }
        throw new AssertionError("no error where `" + text + "` was expected");
    }

    static List<Object> column(ResultSet rows, int at) throws SQLException {
        List<Object> found = new ArrayList<>();
        while (rows.next()) found.add(rows.getObject(at));
        return found;
    }

    static void statements(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            ResultSet rows = statement.executeQuery("SELECT 1 AS one, 'a' AS a");
            same(rows.getMetaData().getColumnLabel(1), "one");
            check(rows.next(), "a row");
            same(rows.getInt(1), 1);
            same(rows.getString(2), "a");
            check(!rows.next(), "one row");
            rows = statement.executeQuery("SELECT 1 AS n WHERE false");
            check(!rows.next(), "no row");
            rows = statement.executeQuery("SELECT value FROM generate_series(1, 1000000)");
            long sum = 0;
            while (rows.next()) sum += rows.getLong(1);
            same(sum, 500000500000L);
            rows = statement.executeQuery("SELECT count(*) FROM lake.raw.users");
            check(rows.next() && rows.getLong(1) > 0, "users");
        }
    }

    static void types(Connection connection) throws Exception {
        String[][] all = {
            {"TRUE", "true"}, {"CAST(7 AS TINYINT)", "7"}, {"CAST(7 AS SMALLINT)", "7"}, {"7", "7"},
            {"CAST(1.5 AS REAL)", "1.5"}, {"1.5e0", "1.5"}, {"CAST('12.34' AS DECIMAL(10, 2))", "12.34"},
            {"CAST('1' AS DECIMAL(50, 2))", "1.00"}, {"'text'", "text"},
            {"arrow_cast('view', 'Utf8View')", "view"}, {"arrow_cast('large', 'LargeUtf8')", "large"},
            {"arrow_cast('word', 'Dictionary(Int32, Utf8)')", "word"},
            {"DATE '2026-09-01'", "2026-09-01"},
            {"TIMESTAMP '2026-09-01 12:00:00'", "2026-09-01 12:00:00.0"},
        };
        try (Statement statement = connection.createStatement()) {
            for (String[] one : all) {
                ResultSet rows = statement.executeQuery("SELECT " + one[0] + " AS v");
                check(rows.next(), one[0]);
                String found = String.valueOf(rows.getObject(1));
                check(found.equals(one[1]), one[0] + " is " + found);
                rows = statement.executeQuery("SELECT CASE WHEN false THEN " + one[0] + " END AS v");
                check(rows.next() && rows.getObject(1) == null && rows.wasNull(), "NULL of " + one[0]);
            }
            for (String[] one : all) {
                // Within a list, a struct and a map, beside a NULL.
                String list = "[" + one[0] + ", CASE WHEN false THEN " + one[0] + " END]";
                ResultSet rows = statement.executeQuery(
                    "SELECT " + list + " AS l, {a: " + one[0] + "} AS s, MAP {'k': " + one[0] + "} AS m");
                check(rows.next(), one[0]);
                Object[] items = (Object[]) rows.getArray(1).getArray();
                check(items.length == 2 && items[0] != null && items[1] == null, "a list of " + one[0]);
                check(rows.getObject(2) != null && rows.getObject(3) != null, "a struct and a map of " + one[0]);
            }
            ResultSet rows = statement.executeQuery("SELECT X'00ff' AS b, [1, 2] AS l, {a: 1} AS s");
            check(rows.next(), "a row");
            check(Arrays.equals(rows.getBytes(1), new byte[] {0, -1}), "bytes");
            check(rows.getObject(2).toString().contains("1"), rows.getObject(2));
            check(rows.getObject(3) != null, "a struct");
        }
    }

    static void parameters(Connection connection) throws Exception {
        try (PreparedStatement prepared = connection.prepareStatement(
                "SELECT value FROM generate_series(1, 10) WHERE value > ? AND value < ? LIMIT ?")) {
            for (int from = 1; from < 4; from++) {
                prepared.setLong(1, from);
                prepared.setLong(2, 9);
                prepared.setLong(3, 2);
                same(column(prepared.executeQuery(), 1), List.of(from + 1L, from + 2L));
            }
        }
        try (PreparedStatement prepared = connection.prepareStatement(
                "SELECT 1 WHERE TIMESTAMP '2026-09-01 12:00:00' = ? AND 'a' = ? AND DATE '2026-09-01' = ?"
                + " AND 1.5e0 = ? AND TRUE = ?")) {
            prepared.setTimestamp(1, Timestamp.valueOf("2026-09-01 12:00:00"),
                Calendar.getInstance(TimeZone.getDefault()));
            prepared.setString(2, "a");
            prepared.setDate(3, java.sql.Date.valueOf("2026-09-01"));
            prepared.setDouble(4, 1.5);
            prepared.setBoolean(5, true);
            check(prepared.executeQuery().next(), "all are equal");
            prepared.setNull(2, Types.VARCHAR);
            check(!prepared.executeQuery().next(), "NULL is equal to nothing");
        }
    }

    static void changes(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            check(!statement.execute("CREATE TABLE once AS SELECT 1 AS n"), "no rows");
            fails("exists", () -> statement.execute("CREATE TABLE once AS SELECT 1 AS n"));
            same(column(statement.executeQuery("SELECT n FROM once"), 1), List.of(1L));
            statement.execute("SET timezone = 'Asia/Shanghai'");
            same(column(statement.executeQuery("SHOW timezone"), 2), List.of("Asia/Shanghai"));
            statement.execute("CREATE TABLE made.default.java AS SELECT 1 AS n, 'a' AS t");
            same(statement.executeUpdate("INSERT INTO made.default.java VALUES (2, 'b'), (3, 'c')"), 2);
        }
        try (PreparedStatement prepared =
                connection.prepareStatement("INSERT INTO made.default.java VALUES (?, ?)")) {
            for (long n = 10; n < 12; n++) {
                prepared.setLong(1, n);
                prepared.setString(2, "x");
                prepared.addBatch();
            }
            prepared.executeBatch();
        }
        try (Statement statement = connection.createStatement()) {
            ResultSet rows = statement.executeQuery("SELECT sum(n), count(*) FROM made.default.java");
            check(rows.next(), "a row");
            same(rows.getLong(1), 27L);
            same(rows.getLong(2), 5L);
        }
    }

    static void metadata(Connection connection) throws Exception {
        DatabaseMetaData metadata = connection.getMetaData();
        int called = 0;
        for (java.lang.reflect.Method method : DatabaseMetaData.class.getMethods()) {
            if (method.getParameterCount() > 0 || method.getDeclaringClass() != DatabaseMetaData.class) continue;
            try {
                Object value = method.invoke(metadata);
                if (value instanceof ResultSet rows) while (rows.next()) continue;
                called++;
            } catch (java.lang.reflect.InvocationTargetException e) {
                Throwable cause = e.getCause();
                boolean unsupported = cause instanceof SQLFeatureNotSupportedException
                    || cause instanceof UnsupportedOperationException;
                check(unsupported, method.getName() + ": " + cause);
            }
        }
        check(called > 100, called + " methods");
        same(metadata.getDatabaseProductName(), "Sluice");
        check(column(metadata.getCatalogs(), 1).containsAll(List.of("lake", "session")), "catalogs");
        check(column(metadata.getSchemas("lake", null), 1).contains("raw"), "schemas");
        same(column(metadata.getTables("lake", "raw", "users", null), 3), List.of("users"));
        same(column(metadata.getTables("lake", "raw", "us_rs", new String[] {"BASE TABLE"}), 3), List.of("users"));
        same(column(metadata.getTables("lake", "raw", "%", new String[] {"SYSTEM TABLE"}), 3), List.of());
        check(column(metadata.getTables(null, null, "%", null), 3).contains("users"), "all tables");
        List<Object> columns = column(metadata.getColumns("lake", "raw", "users", "%"), 4);
        check(columns.contains("user_id"), columns);
        same(column(metadata.getPrimaryKeys("lake", "raw", "users"), 4), List.of());
        same(column(metadata.getImportedKeys("lake", "raw", "users"), 4), List.of());
        same(column(metadata.getExportedKeys("lake", "raw", "users"), 4), List.of());
        same(column(metadata.getTableTypes(), 1), List.of("TABLE", "VIEW"));
    }

    static void errors(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            fails("column nmae does not exist", () -> statement.executeQuery("SELECT nmae FROM (SELECT 1 AS name)"));
            fails("did you mean name?", () -> statement.executeQuery("SELECT nmae FROM (SELECT 1 AS name)"));
            fails("division by zero", () -> {
                ResultSet rows = statement.executeQuery(
                    "SELECT 1 / (value - 90000) FROM generate_series(1, 100000)");
                while (rows.next()) continue;
            });
            check(statement.executeQuery("SELECT 1").next(), "the session lives on");
        }
    }

    static void closing(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            statement.setMaxRows(3);
            ResultSet rows = statement.executeQuery("SELECT value AS closed_early FROM generate_series(1, 100000000000)");
            same(column(rows, 1).size(), 3);
        }
        String running = "SELECT count(*) FROM system.runtime.queries WHERE sql LIKE '%AS closed_early%'"
            + " AND sql NOT LIKE '%system.runtime%' AND state IN ('planned', 'running')";
        try (Statement statement = connection.createStatement()) {
            for (int tries = 0; tries < 3000; tries++) {
                ResultSet rows = statement.executeQuery(running);
                rows.next();
                if (rows.getLong(1) == 0) return;
                Thread.sleep(10);
            }
            throw new AssertionError("a closed statement goes on");
        }
    }

    /** Two statements at once on a connection; 100 MB by batches of rows of parameters. */
    static void several(Connection connection) throws Exception {
        String sql = "SELECT value FROM generate_series(1, 300000)";
        try (Statement first = connection.createStatement(); Statement second = connection.createStatement()) {
            ResultSet one = first.executeQuery(sql), other = second.executeQuery(sql);
            long rows = 0;
            while (one.next()) {
                check(other.next() && one.getLong(1) == other.getLong(1), "both go on");
                rows++;
            }
            same(rows, 300000L);
            first.execute("CREATE TABLE made.default.java_bulk AS SELECT 0 AS n, '' AS t");
        }
        String text = "x".repeat(1000);
        try (PreparedStatement prepared =
                connection.prepareStatement("INSERT INTO made.default.java_bulk VALUES (?, ?)")) {
            for (int batch = 0; batch < 4; batch++) {
                for (long n = 0; n < 25_000; n++) {
                    prepared.setLong(1, n);
                    prepared.setString(2, text);
                    prepared.addBatch();
                }
                prepared.executeBatch();
            }
        }
        try (Statement statement = connection.createStatement()) {
            ResultSet rows = statement.executeQuery("SELECT count(*), sum(length(t)) FROM made.default.java_bulk");
            check(rows.next(), "a row");
            same(rows.getLong(1), 100_001L);
            same(rows.getLong(2), 100_000_000L);
        }
    }

    /** On a server that runs one statement at once. */
    static void queue(String url) throws Exception {
        try (Connection first = DriverManager.getConnection(url + "&user=ada&password=secret");
                Connection second = DriverManager.getConnection(url + "&user=bob&password=secret");
                Statement runs = first.createStatement(); Statement waits = second.createStatement()) {
            ResultSet rows = runs.executeQuery("SELECT value FROM generate_series(1, 100000000000)");
            check(rows.next(), "it runs");
            waits.execute("SET timeout = '300ms'");
            fails("did not end within", () -> waits.executeQuery("SELECT 1").next());
            waits.execute("RESET timeout");
            runs.close();
            same(column(waits.executeQuery("SELECT 1"), 1), List.of(1L));
        }
    }

    /** Who is let in, and who not. */
    static void secure(String encrypted, String asking, String ca, String certificate, String key, String token)
            throws Exception {
        String known = "?useEncryption=true&useSystemTrustStore=false&tlsRootCerts=" + ca;
        String shown = known + "&clientCertificate=" + certificate + "&clientKey=" + key;
        String ada = "&user=ada&password=secret";
        for (String url : new String[] {
                encrypted + known + ada, encrypted + known + "&token=" + token,
                asking + shown + ada, asking + shown + "&token=" + token}) {
            try (Connection connection = DriverManager.getConnection("jdbc:arrow-flight-sql://" + url);
                    Statement statement = connection.createStatement()) {
                same(column(statement.executeQuery("SELECT 1"), 1), List.of(1L));
            }
        }
        for (String url : new String[] {
                encrypted + known, encrypted + known + "&user=ada&password=Secret",
                encrypted + known + "&user=bob&password=secret", encrypted + known + "&token=sluice-token-x",
                encrypted + "?useEncryption=false" + ada, asking + known + ada,
                encrypted + "?useEncryption=true" + ada}) {
            fails("", () -> {
                try (Connection connection = DriverManager.getConnection("jdbc:arrow-flight-sql://" + url);
                        Statement statement = connection.createStatement()) {
                    statement.executeQuery("SELECT 1").next();
                }
            });
        }
    }

    /** The driver's threads keep the process alive: it ends by saying how it went. */
    public static void main(String[] arguments) {
        try {
            String plain = "jdbc:arrow-flight-sql://%s?useEncryption=false";
            all(plain.formatted(arguments[0]));
            queue(plain.formatted(arguments[1]));
            secure(arguments[2], arguments[3], arguments[4], arguments[5], arguments[6], arguments[7]);
            System.out.println("JDBC: " + checks + " checks ok");
            System.exit(0);
        } catch (Throwable e) {
            e.printStackTrace();
            System.exit(1);
        }
    }

    static void all(String url) throws Exception {
        Connection connection = DriverManager.getConnection(url);
        statements(connection);
        types(connection);
        parameters(connection);
        changes(connection);
        metadata(connection);
        errors(connection);
        closing(connection);
        several(connection);
        String separator = url.contains("?") ? "&" : "?";
        try (Connection user = DriverManager.getConnection(url + separator + "user=ada&password=secret&database=lake&schema=raw");
                Statement statement = user.createStatement()) {
            check(statement.executeQuery("SELECT count(*) FROM users").next(), "a user's own home");
        }
        // With `catalog` the driver sends a session option, after the schema; closing then closes its
        // channel first and the session after it, which fails.
        Connection option = DriverManager.getConnection(url + separator + "catalog=lake&schema=raw");
        try (Statement statement = option.createStatement()) {
            check(statement.executeQuery("SELECT count(*) FROM users").next(), "a catalog by option");
        }
        fails("Channel shutdown", option::close);
        System.out.println("JDBC " + connection.getMetaData().getDriverVersion() + ": a plain connection ok");
    }
}
