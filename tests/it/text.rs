//! Dirty CSV and JSON through the program: every good row is there whatever a query names, and
//! every bad record is a row of `errors('t')`.

use crate::program::{Program, Ran};

const CATALOG: &str =
    "connector = \"files\"\n[options]\nlocation = \"../data\"\nlayout = \"table\"\n";

const COLUMNS: &str = "\
[[columns]]\nname = \"id\"\ntype = \"BIGINT\"\n\
[[columns]]\nname = \"day\"\ntype = \"DATE\"\n\
[[columns]]\nname = \"t\"\ntype = \"VARCHAR\"\n";

/// A program over one table `d.default.t` of a file, with its table file.
fn table(file: &str, bytes: impl AsRef<[u8]>, declared: &str) -> Program {
    let program = Program::new();
    program.write("catalog/d.toml", CATALOG).write(&format!("data/{file}"), bytes);
    program.write("catalog/d/default/t.toml", declared);
    program
}

fn csv(program: &Program, sql: &str) -> Ran {
    program.run(&["--catalog", "d", "--csv", "-t", "-c", sql])
}

fn rows(program: &Program, sql: &str) -> Vec<String> {
    let ran = csv(program, sql);
    assert_eq!(ran.code, 0, "{sql}: {}", ran.stderr);
    ran.stdout.lines().map(str::to_owned).collect()
}

fn errors(program: &Program) -> Vec<String> {
    rows(program, "select kind, coalesce(column_name, '-'), _line from errors('t') order by _line")
}

#[test]
fn each_kind_of_broken_csv_line_costs_that_line_alone() {
    let text = b"id,day,t\n1,2026-09-01,good\n2,2026-09-01\n3,2026-09-01,x,y\nfour,2026-09-01,x\n\
        5,2026-02-30,x\n6,2026-09-01,\"open\n7,2026-09-01,b\xff\n8,2026-09-02,\"in \"\"quotes\"\"\"\n9,2026-09-0";
    let program = table(
        "t.csv",
        text,
        &format!("max_bad_records = 100\n{COLUMNS}[options]\nmultiline = false\n"),
    );
    assert_eq!(rows(&program, "select count(*) from t"), ["2"]);
    assert_eq!(rows(&program, "select t from t order by 1"), ["good", "\"in \"\"quotes\"\"\""]);
    assert_eq!(rows(&program, "select id from t order by 1"), ["1", "8"]);
    assert_eq!(
        errors(&program),
        [
            "ragged,-,3",
            "ragged,-,4",
            "type,id,5",
            "type,day,6",
            "malformed,-,7",
            "encoding,-,8",
            "ragged,-,10"
        ]
    );
}

#[test]
fn each_kind_of_broken_json_line_costs_that_line_alone() {
    let text = "{\"id\":1,\"t\":\"good\"}\n{\"id\":2,\"t\":\"a\"}{\"id\":3}\n{\"id\":1.5}\n{\"id\":\n[1]\n\
        {\"id\":4,\"id\":5}\n{\"id\":6,}\nnull\n{\"id\":7,\"day\":\"soon\"}\n{\"t\":\"no id\"}\n{\"id\":8,\"t\":\"cut";
    let program = table("t.ndjson", text, &format!("max_bad_records = 100\n{COLUMNS}"));
    assert_eq!(rows(&program, "select id, t from t order by id nulls last"), ["1,good", ",no id"]);
    assert_eq!(rows(&program, "select count(*) from t"), ["2"]);
    let lines: Vec<String> = rows(&program, "select _line from errors('t') order by 1");
    assert_eq!(lines, ["2", "3", "4", "5", "6", "7", "8", "9", "11"]);
}

#[test]
fn a_wrong_delimiter_fails_loudly_and_names_errors() {
    let text: String = "id;day;t\n".to_owned() + &"1;2026-09-01;x\n".repeat(100);
    let program = table("t.csv", text, &format!("{COLUMNS}[options]\ndelimiter = \",\"\n"));
    let ran = csv(&program, "select count(*) from t");
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 1));
    assert!(ran.stderr.contains("none of the declared columns"), "{}", ran.stderr);
    assert!(ran.stderr.contains("id;day;t"), "{}", ran.stderr);
    // Without a header to tell, all records are ragged.
    let text = "1;2026-09-01;x\n".repeat(100);
    let declared = format!("{COLUMNS}[options]\ndelimiter = \",\"\nheader = false\n");
    let program = table("t.csv", text, &declared);
    let ran = csv(&program, "select count(*) from t");
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 1));
    assert!(ran.stderr.contains("100 of 100 records of d.default.t are bad"), "{}", ran.stderr);
    assert!(ran.stderr.contains("errors('d.default.t')"), "{}", ran.stderr);
}

#[test]
fn a_value_that_does_not_fit_an_inferred_type_is_an_error_with_two_ways_out() {
    // The sample is the first MiB; the bad value stands behind it.
    let text = "id,t\n".to_owned() + &"12345678,abcdefgh\n".repeat(80_000) + "x,y\n";
    let program = Program::new();
    program.write("data.csv", text);
    let ran = program.run(&["-c", "select count(*) from 'data.csv'"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("data.csv"), "{}", ran.stderr);
    assert!(ran.stderr.contains("INFER TABLE"), "{}", ran.stderr);
}

#[test]
fn on_error_null_keeps_the_row_and_fail_ends_the_statement() {
    let text = "id,day,t\n1,2026-09-01,a\nx,2026-09-01,b\n";
    let null = table("t.csv", text, &format!("on_error = \"null\"\n{COLUMNS}"));
    assert_eq!(rows(&null, "select id, t from t order by t"), ["1,a", ",b"]);
    assert_eq!(errors(&null), ["type,id,3"]);
    let fail = table("t.csv", text, &format!("on_error = \"fail\"\n{COLUMNS}"));
    let ran = csv(&fail, "select count(*) from t");
    assert_eq!(ran.code, 1);
    for word in ["t.csv", "line 3", "id", "x"] {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert_eq!(errors(&fail), ["type,id,3"]);
}

#[test]
fn pieces_of_any_size_give_the_same_rows_and_bad_records() {
    let mut text = String::from("id,day,t\n");
    for id in 0..300 {
        match id % 97 {
            13 => text.push_str("bad line\n"),
            55 => text.push_str(&format!("{id},2026-13-01,x\r\n")),
            _ => text.push_str(&format!("{id},2026-09-{:02},text of {id}\n", id % 30 + 1)),
        }
    }
    let program = table("t.csv", text, COLUMNS);
    let sum = "select count(*), sum(id), min(t), max(day) from t";
    let whole = rows(&program, sum);
    assert_eq!(whole, ["294,44064,text of 0,2026-09-30"]);
    for bytes in ["19", "100", "1000", "65537"] {
        let sql = format!("set split_bytes = {bytes}; {sum}; select count(*) from errors('t')");
        assert_eq!(rows(&program, &sql), [whole[0].as_str(), "", "6"], "{bytes}");
    }
}

#[test]
fn compressed_text_is_read() {
    let text = "id,day,t\n1,2026-09-01,a\n2,2026-09-02,b\n";
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, text.as_bytes()).unwrap();
    let gz = gz.finish().unwrap();
    let zst = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for (file, bytes) in [("t.csv.gz", gz.clone()), ("t.csv.zst", zst)] {
        let program = table(file, bytes, COLUMNS);
        assert_eq!(rows(&program, "select sum(id), max(t) from t"), ["3,b"], "{file}");
    }
    let program = table("t.csv.gz", &gz[..gz.len() - 12], COLUMNS);
    let ran = csv(&program, "select count(*) from t");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("t.csv.gz cannot be decompressed"), "{}", ran.stderr);
}

#[test]
fn a_json_array_is_a_table() {
    let elements: Vec<String> =
        (0..2000).map(|id| format!("{{\"id\": {id}, \"t\": \"[{{\"}}")).collect();
    let program = table("t.json", format!("[\n{}\n]\n", elements.join(",\n")), COLUMNS);
    assert_eq!(rows(&program, "select count(*), sum(id) from t"), ["2000,1999000"]);
}

#[test]
fn columns_are_found_by_name_number_and_path() {
    let declared = "\
        [[columns]]\nname = \"model\"\ntype = \"VARCHAR\"\nsource = \"$.device.model\"\n\
        [[columns]]\nname = \"n\"\ntype = \"INT\"\nsource = \"count\"\n";
    let text = "{\"device\":{\"model\":\"a\"},\"count\":3}\n{\"device\":null}\n";
    let program = table("t.json", text, declared);
    assert_eq!(rows(&program, "select model, n from t order by n"), ["a,3", ","]);
    let declared = "\
        [[columns]]\nname = \"third\"\ntype = \"VARCHAR\"\nsource = \"#3\"\n[options]\nheader = false\n";
    let program = table("t.csv", "1,2,three\n4,5,six\n", declared);
    assert_eq!(rows(&program, "select third from t order by 1"), ["six", "three"]);
}

#[test]
fn a_file_whose_name_says_no_format_is_data_only_where_the_format_is_declared() {
    let program = Program::new();
    program
        .write("catalog/d.toml", CATALOG)
        .write("data/t/a.csv", "id\n1\n2\n")
        .write("data/t/NOTES", "ask before you change these")
        .write("data/bare/000000_0", "id\n3\n")
        .write("catalog/d/default/bare.toml", "[options]\nformat = \"csv\"\n");
    assert_eq!(rows(&program, "select sum(id) from t"), ["3"]);
    assert_eq!(rows(&program, "select sum(id) from bare"), ["3"]);
}

#[test]
fn partition_folders_stand_beside_the_columns_of_text() {
    let program = Program::new();
    program
        .write("catalog/d.toml", CATALOG)
        .write("data/t/day=2026-09-01/a.csv", "id\n1\n2\n")
        .write("data/t/day=2026-09-02/b.csv", "id\n3\nx\n")
        .write("catalog/d/default/t.toml", "[[columns]]\nname = \"id\"\ntype = \"INT\"\n");
    let sql = "select day, count(*), sum(id) from t group by 1 order by 1";
    assert_eq!(rows(&program, sql), ["2026-09-01,2,3", "2026-09-02,1,3"]);
    assert_eq!(rows(&program, "select sum(id) from t where day = '2026-09-02'"), ["3"]);
    assert_eq!(rows(&program, "select day, value from errors('t')"), ["2026-09-02,x"]);
}

#[test]
fn a_share_of_bad_records_ends_the_statement_and_the_flag_moves_it() {
    let text = "id,day,t\n1,2026-09-01,a\nx,2026-09-01,b\n3,2026-09-01,c\ny,2026-09-01,d\n";
    let program = table("t.csv", text, COLUMNS);
    let with = |limit: &str| {
        let sql = "select count(*) from t";
        program.run(&["--catalog", "d", "-t", "--csv", "--max-bad-records", limit, "-c", sql])
    };
    for allowed in ["2", "50%"] {
        let ran = with(allowed);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "2\n"), "{allowed}: {}", ran.stderr);
        assert!(ran.stderr.contains("2 bad records of d.default.t"), "{}", ran.stderr);
    }
    for refused in ["1", "49%"] {
        let ran = with(refused);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{refused}: {}", ran.stderr);
        assert!(ran.stderr.contains("errors('d.default.t')"), "{}", ran.stderr);
    }
    let ran = with("many");
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("max_bad_records"), "{}", ran.stderr);
}
