//! Snapshots of HBase against HBase's own answers.
//!
//! A folder of fixtures has roots of HBase and, in `manifest.json`, what HBase's scanner gave for
//! each with several settings, or that it must be refused. Every scan is asked of `hbase_cells`; the
//! latest versions also of the table without a declaration, and of one that declares its most
//! frequent columns. `SLUICE_HBASE_FIXTURES` names another folder of the same form.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sluice::engine::{Engine, EngineOptions, LocalSession};
use tokio::runtime::Runtime;

use crate::program::Program;
use crate::rows::{self, sample_data};
use crate::servers::buckets::buckets;
use crate::servers::hbase::make;

/// A cell as the answers have it: row, family, qualifier, timestamp, type, value; bytes in hex.
type Cell = [String; 6];

/// How many columns a mapping declares.
const MAPPED: usize = 6;

/// What was compared.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    cases: usize,
    scans: usize,
    cells: usize,
    wrong: Vec<String>,
}

impl Compared {
    /// Fails with all that differs.
    pub(crate) fn expect_equal(self) {
        println!(
            "{} cases, {} scans, {} cells compared, {} mismatches",
            self.cases,
            self.scans,
            self.cells,
            self.wrong.len()
        );
        assert!(self.cases > 0 && self.cells > 0, "nothing was compared");
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }

    fn hold(&mut self, what: &str, sql: &str, expected: &[Cell], found: Result<Vec<Cell>, String>) {
        self.scans += 1;
        self.cells += expected.len();
        let found = match found {
            Ok(found) => found,
            Err(e) => return self.wrong.push(format!("{what}: {sql}: {e}")),
        };
        if found == expected {
            return;
        }
        let pairs = found.iter().zip(expected);
        let at = pairs.take_while(|(a, b)| a == b).count();
        self.wrong.push(format!(
            "{what}: {sql}: {} cells, expected {}; at {at}\n  found    {:?}\n  expected {:?}",
            found.len(),
            expected.len(),
            found.get(at),
            expected.get(at)
        ));
    }
}

/// A case of a manifest.
struct Case<'a> {
    name: &'a str,
    schema: String,
    snapshot: &'a str,
    families: Vec<&'a str>,
    value: &'a Value,
}

/// The fixtures of a folder as catalogs of one engine.
struct Fixtures {
    folder: PathBuf,
    manifest: Value,
    catalog: tempfile::TempDir,
    runtime: Runtime,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

impl Fixtures {
    /// `location` says where the root of a case is, and what `[store]` needs.
    fn open(folder: &Path, location: impl Fn(&str) -> (String, String)) -> Self {
        let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let catalog = tempfile::tempdir().unwrap();
        for case in manifest["cases"].as_array().unwrap() {
            let (location, store) = location(text(&case["root"]));
            let file = format!(
                "connector = \"hbase_snapshot\"\n[options]\nlocation = {location:?}\n[store]\n{store}"
            );
            let name = format!("{}.toml", text(&case["name"]));
            std::fs::write(catalog.path().join(name), file).unwrap();
        }
        Self { folder: folder.to_owned(), manifest, catalog, runtime: rows::runtime() }
    }

    /// Only some of the cases.
    fn only(mut self, names: &[&str]) -> Self {
        if let Some(cases) = self.manifest["cases"].as_array_mut() {
            cases.retain(|case| names.contains(&text(&case["name"])));
        }
        self
    }

    fn session(&self) -> LocalSession {
        let options = EngineOptions {
            catalog_dir: Some(self.catalog.path().to_owned()),
            // One partition, so that the order of cells can be compared.
            partitions: Some(1),
            ..EngineOptions::default()
        };
        Engine::start(options).unwrap().session()
    }

    fn cases(&self) -> Vec<Case<'_>> {
        let cases = self.manifest["cases"].as_array().unwrap().iter().map(|value| {
            let table = text(&value["table"]);
            let families = value["families"].as_array();
            Case {
                name: text(&value["name"]),
                schema: table.split_once(':').map_or("default", |(schema, _)| schema).to_owned(),
                snapshot: text(&value["snapshot"]),
                families: families
                    .into_iter()
                    .flatten()
                    .map(|family| text(&family["name"]))
                    .collect(),
                value,
            }
        });
        cases.collect()
    }

    /// HBase's answer to a scan.
    fn expected(&self, scan: &Value) -> Vec<Cell> {
        let path = self.folder.join(text(&scan["file"]));
        let bytes = std::fs::read(&path).unwrap();
        let mut lines = String::new();
        if path.extension().is_some_and(|extension| extension == "gz") {
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut lines).unwrap();
        } else {
            lines = String::from_utf8(bytes).unwrap();
        }
        let cell = |line: &str| -> Cell {
            let cell: Value = serde_json::from_str(line).unwrap();
            let of = |key: &str| text(&cell[key]).to_owned();
            let timestamp = cell["ts"].as_i64().unwrap().to_string();
            [of("row"), of("family"), of("qualifier"), timestamp, of("type"), of("value")]
        };
        let cells: Vec<Cell> = lines.lines().map(cell).collect();
        assert_eq!(cells.len() as u64, scan["cells"].as_u64().unwrap(), "{}", path.display());
        cells
    }

    fn run(&self, session: &LocalSession, sql: &str) -> Result<Vec<Vec<String>>, String> {
        let rows = self.runtime.block_on(rows::run(session, sql));
        // The tests of SQL write an empty text so.
        let plain = |value: String| if value == "(empty)" { String::new() } else { value };
        rows.map(|rows| {
            let rows = rows.rows.into_iter();
            rows.map(|row| row.into_iter().map(plain).collect()).collect()
        })
        .map_err(|e| e.to_string())
    }

    fn compare(&self) -> Compared {
        let mut compared = Compared::default();
        let session = self.session();
        for case in self.cases() {
            compared.cases += 1;
            if case.value["kind"] == "error" {
                let sql = format!("SELECT count(*) FROM hbase_cells('{}')", case.table());
                compared.scans += 1;
                if let Ok(rows) = self.run(&session, &sql) {
                    compared.wrong.push(format!("{}: {rows:?}, and not refused", case.name));
                }
                continue;
            }
            for scan in case.value["scans"].as_array().unwrap() {
                let expected = self.expected(scan);
                let sql = case.cells(&scan["options"]);
                let found = self.run(&session, &sql).map(|rows| {
                    rows.into_iter().map(|row| row.try_into().unwrap()).collect::<Vec<Cell>>()
                });
                compared.hold(case.name, &sql, &expected, found);
                if text(&scan["id"]) == "latest" {
                    self.compare_unmapped(&session, &case, &expected, &mut compared);
                    self.compare_mapped(&case, &expected, &mut compared);
                }
            }
        }
        compared
    }

    /// The same cells through the maps of a table that nobody has declared. They have no timestamps.
    fn compare_unmapped(
        &self,
        session: &LocalSession,
        case: &Case<'_>,
        expected: &[Cell],
        compared: &mut Compared,
    ) {
        let mut found: Vec<Cell> = vec![];
        for family in &case.families {
            let sql = format!(
                "SELECT encode(row_key, 'hex'), '{family}', \
                 encode(hbase_unescape(e['key']), 'hex'), '', '', encode(e['value'], 'hex') \
                 FROM (SELECT row_key, unnest(map_entries(\"{family}\")) AS e FROM {})",
                case.quoted()
            );
            match self.run(session, &sql) {
                Ok(rows) => {
                    found.extend(rows.into_iter().map(|row| -> Cell { row.try_into().unwrap() }))
                }
                Err(e) => return compared.wrong.push(format!("{}: {sql}: {e}", case.name)),
            }
        }
        let mut expected: Vec<Cell> = expected.iter().map(without_time).collect();
        expected.sort();
        found.sort();
        compared.hold(case.name, "unmapped", &expected, Ok(found));
        let rows: std::collections::BTreeSet<&String> =
            expected.iter().map(|cell| &cell[0]).collect();
        let count = self.run(session, &format!("SELECT count(*) FROM {}", case.quoted()));
        if count != Ok(vec![vec![rows.len().to_string()]]) {
            compared.wrong.push(format!("{}: {count:?} rows, expected {}", case.name, rows.len()));
        }
    }

    /// The same through a table file that declares the most frequent columns.
    fn compare_mapped(&self, case: &Case<'_>, expected: &[Cell], compared: &mut Compared) {
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for [_, family, qualifier, ..] in expected {
            *counts.entry((family, qualifier)).or_default() += 1;
        }
        let mut frequent: Vec<_> = counts.into_iter().collect();
        frequent.sort_by_key(|(column, count)| (std::cmp::Reverse(*count), *column));
        frequent.truncate(MAPPED);
        if frequent.is_empty() {
            return;
        }
        let mut file = format!(
            "[options]\nsnapshot = {:?}\nencoding = \"binary\"\n\
             [[columns]]\nname = \"k\"\ntype = \"VARBINARY\"\nsource = \":key\"\n",
            case.snapshot
        );
        for (at, ((family, qualifier), _)) in frequent.iter().enumerate() {
            let escaped: String = qualifier
                .as_bytes()
                .chunks(2)
                .map(|pair| format!("\\x{}", std::str::from_utf8(pair).unwrap()))
                .collect();
            // An empty qualifier would be the whole family.
            if escaped.is_empty() {
                return;
            }
            file += &format!(
                "[[columns]]\nname = \"c{at}\"\ntype = \"VARBINARY\"\nsource = {:?}\n",
                format!("{family}:{escaped}")
            );
        }
        let folder = self.catalog.path().join(case.name).join(&case.schema);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("mapped.toml"), file).unwrap();
        let columns: Vec<String> =
            (0..frequent.len()).map(|at| format!("encode(c{at}, 'hex')")).collect();
        let sql = format!(
            "SELECT encode(k, 'hex'), {} FROM \"{}\".\"{}\".mapped",
            columns.join(", "),
            case.name,
            case.schema
        );
        let found = self.run(&self.session(), &sql).map(|rows| {
            let cells = rows.into_iter().flat_map(|row| {
                let mut row = row.into_iter();
                let key = row.next().unwrap();
                let named = row.zip(&frequent).filter(|(value, _)| value != "NULL");
                named
                    .map(|(value, ((family, qualifier), _))| {
                        let (family, qualifier) = ((*family).to_owned(), (*qualifier).to_owned());
                        [key.clone(), family, qualifier, String::new(), String::new(), value]
                    })
                    .collect::<Vec<Cell>>()
            });
            let mut cells: Vec<Cell> = cells.collect();
            cells.sort();
            cells
        });
        let is_mapped = |cell: &&Cell| {
            frequent
                .iter()
                .any(|((family, qualifier), _)| cell[1] == *family && cell[2] == *qualifier)
        };
        let mut expected: Vec<Cell> = expected.iter().filter(is_mapped).map(without_time).collect();
        expected.sort();
        compared.hold(case.name, &sql, &expected, found);
    }
}

fn without_time(cell: &Cell) -> Cell {
    let [row, family, qualifier, _, _, value] = cell.clone();
    [row, family, qualifier, String::new(), String::new(), value]
}

impl Case<'_> {
    fn quoted(&self) -> String {
        format!("\"{}\".\"{}\".\"{}\"", self.name, self.schema, self.snapshot)
    }

    fn table(&self) -> String {
        self.quoted().replace('\'', "''")
    }

    /// The call of `hbase_cells` that is a scan with these options.
    fn cells(&self, options: &Value) -> String {
        let mut arguments = vec![format!("'{}'", self.table())];
        let raw = options["raw"] == true;
        match &options["max_versions"] {
            Value::Number(most) => arguments.push(format!("versions => {most}")),
            Value::String(_) if !raw => arguments.push("versions => 'all'".to_owned()),
            _ => {}
        }
        if raw {
            arguments.push("raw => true".to_owned());
        }
        for (option, argument) in [("min_ts", "min_ts"), ("max_ts_exclusive", "max_ts")] {
            if let Some(millis) = options[option].as_i64().filter(|millis| *millis != i64::MAX) {
                arguments.push(format!("{argument} => {millis}"));
            }
        }
        if let Some(columns) = options["columns"].as_array() {
            let columns: Vec<String> = columns
                .iter()
                .map(|column| {
                    let (family, qualifier) = text(column).split_once(':').unwrap();
                    let escaped: String = qualifier
                        .as_bytes()
                        .chunks(2)
                        .map(|pair| format!("\\x{}", std::str::from_utf8(pair).unwrap()))
                        .collect();
                    format!("{family}:{escaped}")
                })
                .collect();
            arguments.push(format!("columns => '{}'", columns.join(", ")));
        }
        let mut conditions = vec![];
        if let Some(row) = options["start_row"].as_str() {
            conditions.push(format!("row >= X'{row}'"));
        }
        if let Some(row) = options["stop_row_exclusive"].as_str() {
            conditions.push(format!("row < X'{row}'"));
        }
        if let Some(families) = options["families"].as_array() {
            let names: Vec<String> =
                families.iter().map(|family| format!("'{}'", text(family))).collect();
            conditions.push(format!("family IN ({})", names.join(", ")));
        }
        let filter = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        format!(
            "SELECT encode(row, 'hex'), family, encode(hbase_unescape(qualifier), 'hex'), \
             CAST(ts AS BIGINT), type, encode(value, 'hex') FROM hbase_cells({}){filter}",
            arguments.join(", ")
        )
    }
}

/// Compares everything in a folder of fixtures.
fn compare(folder: &Path) -> Compared {
    let here = |root: &str| {
        let root = folder.join(root).canonicalize().unwrap();
        (root.to_str().unwrap().to_owned(), String::new())
    };
    Fixtures::open(folder, here).compare()
}

/// The fixtures that are part of the repository.
fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hbase")
}

#[test]
fn every_scan_of_the_fixtures_is_answered_as_hbase_answers_it() {
    let folder = std::env::var_os("SLUICE_HBASE_FIXTURES").map_or_else(committed, PathBuf::from);
    compare(&folder).expect_equal();
}

#[test]
fn random_tables_of_a_live_hbase_are_read_as_it_reads_them() {
    let variable = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    // The same tables each time; `tests/long` takes others.
    let seed = variable("SLUICE_HBASE_SEED").unwrap_or(7);
    let tables = variable("SLUICE_HBASE_TABLES").unwrap_or(3);
    println!("SLUICE_HBASE_SEED={seed} SLUICE_HBASE_TABLES={tables}");
    let made =
        make(seed, usize::try_from(tables).unwrap(), "keys_salted,keys_hashed,documents", false);
    compare(made.folder.path()).expect_equal();
    crate::hbase_keys::hold(made.folder.path());
    crate::hbase_documents::hold(made.folder.path());
}

#[test]
fn snapshots_in_hdfs_give_the_answers_of_the_folder() {
    let made = make(7, 1, "split_refs,mob_clone,clone_links_of_clone,layout_v1", true);
    let hdfs = made.hdfs.clone().unwrap();
    let there = |root: &str| (format!("{hdfs}/{root}"), String::new());
    Fixtures::open(made.folder.path(), there).compare().expect_equal();
}

#[test]
fn a_damaged_snapshot_is_never_replaced_by_an_older_one_in_silence() {
    let program = Program::new();
    crate::rows::copy_folder(&sample_data().join("profiles"), &program.path("hbase"));
    program.write(
        "catalog/h.toml",
        "connector = 'hbase_snapshot'\n[options]\nlocation = '../hbase'\n",
    );
    program.write("catalog/h/default/t.toml", "[options]\nsnapshot = 'device_profile-*'\n");
    assert_eq!(program.answer(&["select count(*) from h.default.t"]), "2029\n");
    program.write("hbase/.hbase-snapshot/device_profile-20261121/.snapshotinfo", "not a message");
    program.write("hbase/.hbase-snapshot/device_profile-20261122/data.manifest", "");
    let (_, message) = program.failure("select count(*) from h.default.t");
    assert!(
        message.contains("device_profile-20261121/.snapshotinfo: snapshot description"),
        "{message}"
    );
    let listed = program.answer(&[
        "select snapshot, problem is null as whole from h.hbase.snapshots order by snapshot",
    ]);
    assert_eq!(
        listed,
        "device_profile-20261120,true\ndevice_profile-20261121,false\n\
         device_profile-20261122,false\n"
    );
    let found = program.answer(&["check catalog h"]);
    assert!(found.contains("it has no .snapshotinfo"), "{found}");
}

#[test]
fn snapshots_in_buckets_give_the_answers_of_the_folder() {
    let buckets = buckets();
    crate::rows::copy_folder(&committed(), &buckets.bucket("made").join("hbase"));
    let some = ["split_refs", "mob_clone", "clone_links_of_clone", "layout_v1", "err_encrypted"];
    for (kind, store) in crate::buckets::stores(&buckets) {
        let there = |root: &str| (format!("{kind}://made/hbase/{root}"), store.clone());
        Fixtures::open(&committed(), there).only(&some).compare().expect_equal();
    }
}
