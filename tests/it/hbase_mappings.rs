//! The mappings that Hive and Spark have, pasted into table files, against the table that declares the
//! same columns one by one; and what a table file, `\infer` and `\d+` say of a snapshot.

use std::path::Path;

use crate::program::Program;
use crate::rows::sample_data;

/// A program whose catalog `h` has the snapshots of a folder.
fn over(folder: &Path) -> Program {
    let program = Program::new();
    let location = folder.canonicalize().unwrap();
    let catalog = "connector = \"hbase_snapshot\"\n[options]\nlocation = ";
    program.write("catalog/h.toml", format!("{catalog}{location:?}\n"));
    program
}

fn column(name: &str, data_type: &str, rest: &str) -> String {
    format!("[[columns]]\nname = \"{name}\"\ntype = \"{data_type}\"\n{rest}\n")
}

const COLUMNS: [(&str, &str, &str, &str); 6] = [
    ("device_id", "VARCHAR", ":key", "string"),
    ("battery", "INT", "s:battery", "binary"),
    ("firmware", "VARCHAR", "s:firmware", "string"),
    ("last_seen", "BIGINT", "s:last_seen", "binary"),
    ("owner", "VARCHAR", "o:name", "string"),
    ("city", "VARCHAR", "o:city", "string"),
];

const OPTIONS: &str = "[options]\nsnapshot = \"device_profile-*\"\n";

#[test]
fn mappings_of_hive_and_spark_give_the_columns_that_they_name() {
    let program = over(&sample_data().join("profiles"));
    let declared = COLUMNS.map(|(name, kind, source, encoding)| {
        column(name, kind, &format!("source = \"{source}\"\nencoding = \"{encoding}\""))
    });
    program.write("catalog/h/default/plain.toml", format!("{OPTIONS}{}", declared.concat()));
    let plain = COLUMNS.map(|(name, kind, ..)| column(name, kind, "")).concat();
    let hive = |default: &str, mapping: &str| {
        format!("{OPTIONS}{default}hive_columns_mapping = \"{mapping}\"\n{plain}")
    };
    // As people paste them: short and long forms, spaces and line ends, a default of the table.
    for (name, table) in [
        ("hive", hive("", ":key,s:battery#b,s:firmware,s:last_seen#binary,o:name#s,o:city#-")),
        (
            "hive_binary",
            hive(
                "encoding = \"binary\"\n",
                ":key#string, s:battery#-, s:firmware#str, s:last_seen, o:name#s,\\n o:city",
            ),
        ),
        (
            "spark",
            format!(
                "{OPTIONS}spark_columns_mapping = \"device_id STRING :key, battery INT s:battery#b, \
                 firmware STRING s:firmware,last_seen LONG s:last_seen#b, owner string o:name,  \
                 city  STRING  o:city\"\n"
            ),
        ),
    ] {
        program.write(&format!("catalog/h/default/{name}.toml"), table);
        let differ = "select count(*) from ((select * from h.default.plain except select * from \
                      h.default.other) union all (select * from h.default.other except select * \
                      from h.default.plain))";
        let answer = program.answer(&[&differ.replace("other", name)]);
        assert_eq!(answer, "0\n", "{name}");
        let rows =
            program.answer(&[&format!("select count(*), count(battery) from h.default.{name}")]);
        assert_eq!(rows, program.answer(&["select count(*), count(battery) from h.default.plain"]));
        // One value of the sample is not what it should be.
        let errors = |table: &str| {
            let columns = "column_name, reason, row_key, family, qualifier";
            program.answer(&[&format!("select {columns} from errors('h.default.{table}')")])
        };
        assert_eq!(errors(name), errors("plain"), "{name}");
    }
}

#[test]
fn maps_take_a_family_or_a_prefix_of_its_qualifiers() {
    let program = over(&sample_data().join("profiles"));
    let key = column("k", "VARCHAR", "");
    let map = column("m", "VARCHAR", "");
    let name = "select count(*), count(m['name']), count(m['city']) from h.default.t";
    let prefix = "select count(*), count(m['me']), count(m['name']) from h.default.t";
    let of = |program: &Program, what: &str| {
        program.answer(&[&format!("select count(*), {what} from h.default.plain")])
    };
    let declared = COLUMNS.map(|(name, kind, source, encoding)| {
        column(name, kind, &format!("source = \"{source}\"\nencoding = \"{encoding}\""))
    });
    // Only the family of owners: which rows there are is a question of the mapped families.
    let owners: String = declared.iter().filter(|it| !it.contains("\"s:")).cloned().collect();
    program.write("catalog/h/default/plain.toml", format!("{OPTIONS}{owners}"));
    for (mapping, sql, expected) in
        [(":key,o:", name, "count(owner), count(city)"), (":key,o:na.*", prefix, "count(owner), 0")]
    {
        let table = format!("{OPTIONS}hive_columns_mapping = \"{mapping}\"\n{key}{map}");
        program.write("catalog/h/default/t.toml", table);
        assert_eq!(program.answer(&[sql]), of(&program, expected), "{mapping}");
    }
    let values = "select max(m['name']), min(m['city']) from h.default.t";
    program.write(
        "catalog/h/default/t.toml",
        format!("{OPTIONS}spark_columns_mapping = \"k STRING :key, m STRING o:*\"\n"),
    );
    let answer = program.answer(&["select max(owner), min(city) from h.default.plain"]);
    assert_eq!(program.answer(&[values]), answer);
}

#[test]
fn mappings_that_cannot_be_are_refused_with_the_way_out() {
    let program = over(&sample_data().join("profiles"));
    let two = format!("{}{}", column("k", "VARCHAR", ""), column("v", "INT", ""));
    for (options, columns, message) in [
        (
            "hive_columns_mapping = \":key\"",
            two.clone(),
            "hive_columns_mapping has 1 entries, and there are 2 columns",
        ),
        ("hive_columns_mapping = \":key,x:battery\"", two.clone(), "has no family x"),
        ("hive_columns_mapping = \":key,battery\"", two.clone(), "`battery` is no source"),
        (
            "hive_columns_mapping = \":key,s:battery\"",
            column("k", "VARCHAR", "source = \":key\"") + &column("v", "INT", ""),
            "column k: hive_columns_mapping says its source already",
        ),
        (
            "spark_columns_mapping = \"k STRING :key\"",
            two.clone(),
            "spark_columns_mapping says the columns, and so do [[columns]]",
        ),
        ("spark_columns_mapping = \"k :key\"", String::new(), "`k :key` is no column"),
        (
            "spark_columns_mapping = \"k STRING :key\"\nhive_columns_mapping = \":key\"",
            String::new(),
            "a table has one mapping: of Hive or of Spark",
        ),
    ] {
        let table = format!("{OPTIONS}{options}\n{columns}");
        program.write("catalog/h/default/t.toml", table);
        let (_, told) = program.failure("select * from h.default.t");
        assert!(told.contains(message), "{options}: {told}");
    }
}

#[test]
fn a_snapshot_is_described_with_its_families() {
    let program = over(&sample_data().join("profiles"));
    let described = program.run(&["-c", "\\d+ h.default.\"device_profile-20261120\""]).stdout;
    for told in [
        "snapshot device_profile-20261120 of device_profile, taken 20",
        "(FLUSH): 2 regions, 8 files, ",
        "family o: 4 files, ",
        "family s: 4 files, ",
        "BLOOMFILTER ROW",
        "VERSIONS ",
    ] {
        assert!(described.contains(told), "{told}: {described}");
    }
}

/// A Bloom filter of columns is asked where a look-up names row and column, and only there.
#[test]
fn bloom_filters_of_columns_are_asked_for_rows_and_columns() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hbase/bloom_rowcol/root");
    let program = over(&folder);
    let table = "[options]\nsnapshot = \"s_bloom_rowcol\"\n".to_owned()
        + &column("k", "VARCHAR", "source = \":key\"")
        + &column("q0", "VARCHAR", "source = \"cf:q0\"")
        + &column("q1", "VARCHAR", "source = \"cf:q1\"");
    program.write("catalog/h/default/t.toml", table);
    let skipped = |sql: &str| {
        let told = program.answer(&[sql, "show receipt"]);
        let line = told.lines().find(|line| line.contains("by Bloom filter"));
        let answer = told.lines().next().unwrap_or_default().to_owned();
        (answer, line.map_or(0, |line| line.split(',').nth(3).unwrap().parse::<u64>().unwrap()))
    };
    // The row has `q0` in the first of three files.
    let cells = |column: &str| {
        format!(
            "select count(*) from hbase_cells('h.default.t', columns => 'cf:{column}') where row = 'r0009'"
        )
    };
    assert_eq!(skipped(&cells("q0")), ("1".to_owned(), 2));
    assert_eq!(skipped(&cells("q1")), ("0".to_owned(), 3));
    let of = |what: &str| format!("select count(*) from h.default.t where k = 'r0009'{what}");
    assert_eq!(skipped(&of("")), ("1".to_owned(), 0));
    assert_eq!(skipped(&of(" and q0 >= ''")), ("1".to_owned(), 2));
    assert_eq!(skipped(&of(" and q1 >= ''")), ("0".to_owned(), 3));
    // Every row that a column has is found by it.
    let found = program.answer(&["select count(*) from h.default.t a where q1 is not null"]);
    let keys =
        program.answer(&["select k from h.default.t where q1 is not null order by k limit 60"]);
    for key in keys.lines().step_by(7) {
        let sql = format!("select count(*) from h.default.t where k = '{key}' and q1 is not null");
        assert_eq!(skipped(&sql).0, "1", "{key} of {found}");
    }
}
