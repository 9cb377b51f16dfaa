//! Protobuf schemas as descriptors: compiled from their text, or read from a descriptor set.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use crate::error::{Error, Result};
use crate::stream::schemas::SchemaText;

/// What a schema without a name of its own is called while it is compiled.
const ROOT: &str = "schema.proto";

/// The kind of a [`SchemaText`] that is a descriptor set in base 64.
pub(in crate::stream) const DESCRIPTORS: &str = "DESCRIPTORS";

/// A schema.
#[derive(Clone, Debug)]
pub(super) struct Schema {
    pool: DescriptorPool,
    /// The file whose messages records are; of a descriptor set the last one.
    file: FileDescriptor,
}

/// The files that a schema refers to, by the names that it imports them by.
struct Imports(HashMap<String, String>);

impl FileResolver for Imports {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.0.get(name) {
            Some(text) => File::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

fn wrong(what: impl std::fmt::Display) -> Error {
    Error::corrupt(format!("not a Protobuf schema: {what}"))
}

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// `Corrupt` for text that is none, or that imports what is not there.
    pub(super) fn parse(text: &SchemaText) -> Result<Self> {
        let pool = match text.kind.as_str() {
            DESCRIPTORS => {
                let bytes = BASE64_STANDARD.decode(&text.text).map_err(wrong)?;
                DescriptorPool::decode(bytes.as_slice()).map_err(wrong)?
            }
            _ => {
                let mut files: HashMap<String, String> = text.references.iter().cloned().collect();
                files.insert(ROOT.to_owned(), text.text.clone());
                let mut resolver = ChainFileResolver::new();
                resolver.add(Imports(files));
                resolver.add(GoogleFileResolver::new());
                let mut compiler = protox::Compiler::with_file_resolver(resolver);
                compiler.include_imports(true).open_file(ROOT).map_err(wrong)?;
                compiler.descriptor_pool()
            }
        };
        let file = pool.get_file_by_name(ROOT).or_else(|| pool.files().last());
        Ok(Self { file: file.ok_or_else(|| wrong("it has no files"))?, pool })
    }

    /// The message of a name, or the first one.
    ///
    /// # Errors
    /// `Config` for a name that no message has.
    pub(super) fn message(&self, name: Option<&str>) -> Result<MessageDescriptor> {
        let Some(name) = name else {
            return self.file.messages().next().ok_or_else(|| wrong("it has no messages"));
        };
        self.find(name).ok_or_else(|| {
            let known: Vec<String> =
                self.file.messages().map(|it| it.full_name().to_owned()).collect();
            Error::config(format!("the schema has no message {name}"))
                .with_hint(format!("it has {}", known.join(", ")))
        })
    }

    /// The message of a full name.
    pub(super) fn find(&self, name: &str) -> Option<MessageDescriptor> {
        self.pool.get_message_by_name(name)
    }

    /// The message that indexes lead to: one among those of the file, then among those within it.
    pub(super) fn at(&self, path: &[usize]) -> Option<MessageDescriptor> {
        let (first, within) = path.split_first()?;
        let mut message = self.file.messages().nth(*first)?;
        for index in within {
            let inner = message.child_messages().nth(*index)?;
            message = inner;
        }
        Some(message)
    }
}
