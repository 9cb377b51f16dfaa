//! `sluice catalog add`: a commented catalog file for a location.

use std::path::Path;

use crate::error::{Error, Result};

/// Writes `<folder>/<name>.toml` and returns what to say about it.
///
/// # Errors
/// `Config` when the file exists or cannot be written, or no connector takes the location.
pub(super) fn run(folder: &Path, name: &str, location: &str) -> Result<String> {
    let letters = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(letters) {
        return Err(Error::config(format!("`{name}` is no catalog name"))
            .with_hint("use letters, digits, _ and -: it becomes a file name"));
    }
    let file = folder.join(format!("{name}.toml"));
    if file.exists() {
        return Err(Error::config(format!("{} exists already", file.display()))
            .with_hint("edit it, or take another name"));
    }
    let location = match location.split_once("://") {
        Some(_) => location.to_owned(),
        None => {
            let full = std::fs::canonicalize(location)
                .map_err(|e| Error::config(format!("{location}: {e}")).with_source(e))?;
            full.display().to_string()
        }
    };
    let text = format!(
        "# Catalog {name}: its name is the name of this file.\n\
         connector   = \"files\"\n\
         description = \"\"\n\
         # COPY, INSERT and CREATE into this catalog need true.\n\
         writable    = false\n\n\
         [options]\n\
         # Folders below are schemas, folders and data files in them tables.\n\
         location = {}\n\
         # layout = \"table\"     # folders below the location are tables already\n{}",
        toml::Value::String(location.clone()),
        store_section(&location)
    );
    let write = |path: &Path, e: std::io::Error| {
        Error::config(format!("{}: {e}", path.display())).with_source(e)
    };
    std::fs::create_dir_all(folder).map_err(|e| write(folder, e))?;
    std::fs::write(&file, text).map_err(|e| write(&file, e))?;
    Ok(format!(
        "{} is written. Try:\n  sluice check {name}\n  sluice -c 'SHOW SCHEMAS FROM {name}'\n  sluice -c 'SHOW TABLES FROM {name}'",
        file.display()
    ))
}

/// What people mostly have to say of a store, to be uncommented.
fn store_section(location: &str) -> &'static str {
    match location.split_once("://") {
        Some(("oss", _)) => {
            "\n[store]\n\
             # Without these: the environment, ~/.aliyun and the like, the machine's role; the bucket's region.\n\
             # region            = \"cn-hangzhou\"\n\
             # network           = \"internal\"\n\
             # access_key_id     = \"${OSS_ACCESS_KEY_ID}\"\n\
             # access_key_secret = \"${OSS_ACCESS_KEY_SECRET}\"\n"
        }
        Some(("s3" | "s3a", _)) => {
            "\n[store]\n\
             # Without these: the environment, ~/.aws, the machine's role; Amazon and the bucket's region.\n\
             # endpoint          = \"https://minio.example.com:9000\"\n\
             # region            = \"us-east-1\"\n\
             # access_key_id     = \"${AWS_ACCESS_KEY_ID}\"\n\
             # access_key_secret = \"${AWS_SECRET_ACCESS_KEY}\"\n"
        }
        _ => "",
    }
}
