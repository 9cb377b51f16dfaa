//! The catalog folder as names: one directory walk, nothing read or parsed.
//!
//! `x.toml` declares catalog `x`, `x/s/t.toml` table `x.s.t`, `x/s/v.sql` view `x.s.v`, `x/s.toml`
//! describes schema `x.s`. A folder without its `.toml` is a catalog of views.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::source::{Source, Stamp};
use crate::error::{Error, Result};
use crate::spi::{Finding, Severity};

/// What declares an object of a schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Declaration {
    /// A table file.
    Table(Arc<Source>),
    /// A view's SELECT.
    View(Arc<Source>),
}

impl CatalogFolder {
    /// Its files.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Arc<Source>> {
        let schemas = self.schemas.values();
        let objects = schemas.clone().flat_map(|schema| schema.objects.values());
        let of_schemas = schemas.filter_map(|schema| schema.file.as_ref());
        self.file.iter().chain(of_schemas).chain(objects.map(Declaration::source))
    }
}

impl Declaration {
    /// The file.
    pub(super) fn source(&self) -> &Arc<Source> {
        match self {
            Self::Table(source) | Self::View(source) => source,
        }
    }
}

/// The files of one schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchemaFolder {
    /// `<schema>.toml`: a description.
    pub file: Option<Arc<Source>>,
    /// Declared tables and views by name.
    pub objects: BTreeMap<String, Declaration>,
}

/// The files of one catalog.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CatalogFolder {
    /// `<catalog>.toml`; without it the catalog holds views only.
    pub file: Option<Arc<Source>>,
    /// Schemas by name.
    pub schemas: BTreeMap<String, SchemaFolder>,
}

/// The catalog folder.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Where it is; there may be nothing but the user's own catalog.
    pub path: Option<PathBuf>,
    /// Where the user's own catalog of views is, which need not be there.
    pub own: Option<PathBuf>,
    /// Catalogs by name.
    pub catalogs: BTreeMap<String, CatalogFolder>,
    /// Files that declare nothing or clash; reported by the check.
    pub findings: Vec<Finding>,
    /// The folders that were walked, as they were before.
    walked: Vec<(PathBuf, Option<Stamp>)>,
    /// When the walk began.
    since: SystemTime,
}

/// The catalog of the user's own views.
const OWN_CATALOG: &str = "my";

/// One directory entry by what it can declare.
enum Entry {
    Folder(String, PathBuf),
    Toml(String, PathBuf),
    Sql(String, PathBuf),
    Other(PathBuf),
}

impl Folder {
    /// Walks the folder once and keeps names.
    ///
    /// # Errors
    /// `Config` when the folder, or one in it, cannot be read.
    pub fn read(path: impl Into<PathBuf>) -> Result<Self> {
        let root = path.into();
        let mut folder = Self::nowhere();
        for entry in folder.entries(&root)? {
            match entry {
                Entry::Toml(name, file) => {
                    folder.catalogs.entry(name).or_default().file = Some(Source::at(file));
                }
                Entry::Folder(name, path) => {
                    let schemas = folder.read_catalog(&path)?;
                    folder.catalogs.entry(name).or_default().schemas = schemas;
                }
                Entry::Sql(_, file) => folder.odd(
                    file,
                    "a view stands in a schema",
                    "move it to <catalog>/<schema>/<view>.sql",
                ),
                Entry::Other(file) => folder.stray(file),
            }
        }
        folder.path = Some(root);
        Ok(folder)
    }

    /// As [`read`](Self::read), with the views of the user's own folder as the catalog `my`, if it
    /// is there and the catalog folder has none of that name; `None` without either.
    ///
    /// # Errors
    /// As [`read`](Self::read)'s.
    pub fn read_all(path: Option<PathBuf>, own: Option<PathBuf>) -> Result<Option<Self>> {
        if path.is_none() && own.is_none() {
            return Ok(None);
        }
        let mut folder = path.map_or_else(|| Ok(Self::nowhere()), Self::read)?;
        if let Some(own) = own {
            folder.walked.push((own.clone(), Stamp::of(&own)));
            if own.is_dir() && !folder.catalogs.contains_key(OWN_CATALOG) {
                let schemas = folder.read_catalog(&own)?;
                let catalog = CatalogFolder { file: None, schemas };
                folder.catalogs.insert(OWN_CATALOG.to_owned(), catalog);
            }
            folder.own = Some(own);
        }
        Ok(Some(folder))
    }

    fn nowhere() -> Self {
        Self {
            path: None,
            own: None,
            catalogs: BTreeMap::new(),
            findings: vec![],
            walked: vec![],
            since: SystemTime::now(),
        }
    }

    /// Whether surely nothing has come or gone since the walk. Files may have been written.
    pub(super) fn is_untouched(&self) -> bool {
        self.walked.iter().all(|(path, stamp)| {
            Stamp::of(path) == *stamp && stamp.is_none_or(|stamp| stamp.is_settled(self.since))
        })
    }

    /// The entries of a folder, which counts as walked.
    fn entries(&mut self, path: &Path) -> Result<Vec<Entry>> {
        self.walked.push((path.to_owned(), Stamp::of(path)));
        entries(path)
    }

    /// Whether the same files declare the same things, none written in between.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        self.catalogs == other.catalogs && self.odd_files().eq(other.odd_files())
    }

    fn odd_files(&self) -> impl Iterator<Item = &str> {
        self.findings.iter().map(|finding| finding.object.as_str())
    }

    fn read_catalog(&mut self, path: &Path) -> Result<BTreeMap<String, SchemaFolder>> {
        let mut schemas: BTreeMap<String, SchemaFolder> = BTreeMap::new();
        for entry in self.entries(path)? {
            match entry {
                Entry::Toml(name, file) => {
                    schemas.entry(name).or_default().file = Some(Source::at(file));
                }
                Entry::Folder(name, path) => {
                    let objects = self.read_schema(&path)?;
                    schemas.entry(name).or_default().objects = objects;
                }
                Entry::Sql(_, file) => self.odd(
                    file,
                    "a view stands in a schema",
                    "move it to <catalog>/<schema>/<view>.sql",
                ),
                Entry::Other(file) => self.stray(file),
            }
        }
        Ok(schemas)
    }

    fn read_schema(&mut self, path: &Path) -> Result<BTreeMap<String, Declaration>> {
        let mut objects: BTreeMap<String, Declaration> = BTreeMap::new();
        for entry in self.entries(path)? {
            let (name, declaration, file) = match entry {
                Entry::Toml(name, file) => {
                    (name, Declaration::Table(Source::at(file.clone())), file)
                }
                Entry::Sql(name, file) => (name, Declaration::View(Source::at(file.clone())), file),
                Entry::Folder(_, path) => {
                    self.odd(path, "folders end at schemas", "move its files one level up");
                    continue;
                }
                Entry::Other(file) => {
                    self.stray(file);
                    continue;
                }
            };
            if objects.insert(name.clone(), declaration).is_some() {
                self.odd(
                    file,
                    &format!("both {name}.toml and {name}.sql declare {name}"),
                    "keep one of them",
                );
            }
        }
        Ok(objects)
    }

    fn odd(&mut self, path: PathBuf, message: &str, fix: &str) {
        self.findings.push(Finding {
            severity: Severity::Error,
            object: path.display().to_string(),
            message: message.to_owned(),
            fix: Some(fix.to_owned()),
        });
    }

    fn stray(&mut self, path: PathBuf) {
        self.findings.push(Finding {
            severity: Severity::Warning,
            object: path.display().to_string(),
            message: "declares nothing: only .toml and .sql files count".to_owned(),
            fix: None,
        });
    }
}

/// The entries of a directory by name; dot files and `README*` are left out.
fn entries(path: &Path) -> Result<Vec<Entry>> {
    let unreadable =
        |e: std::io::Error| Error::config(format!("{}: {e}", path.display())).with_source(e);
    let mut entries = Vec::new();
    let mut listed: Vec<_> = std::fs::read_dir(path)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    listed.sort_by_cached_key(std::fs::DirEntry::file_name);
    for entry in listed {
        let path = entry.path();
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            entries.push(Entry::Other(path));
            continue;
        };
        if name.starts_with('.') || name.starts_with("README") {
            continue;
        }
        // The listing knows what an entry is; only links are asked, and followed: a catalog is often
        // one that is kept elsewhere.
        let is_folder = match entry.file_type() {
            Ok(kind) if !kind.is_symlink() => kind.is_dir(),
            Ok(_) | Err(_) => path.is_dir(),
        };
        entries.push(if is_folder {
            Entry::Folder(name, path)
        } else if let Some(stem) = name.strip_suffix(".toml") {
            Entry::Toml(stem.to_owned(), path)
        } else if let Some(stem) = name.strip_suffix(".sql") {
            Entry::Sql(stem.to_owned(), path)
        } else {
            Entry::Other(path)
        });
    }
    Ok(entries)
}
