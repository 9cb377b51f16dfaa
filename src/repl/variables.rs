//! The variables of a shell: pasted as `:name`, bound as `$name`.

use std::collections::BTreeMap;

use crate::engine::Parameters;
use crate::engine::statement::declarations::Declaration;
use crate::error::{Error, Result};

/// Variables by name, and the types that the running file declares for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    values: BTreeMap<String, String>,
    declared: Vec<Declaration>,
}

impl Variables {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), value.to_owned());
    }

    pub(super) fn unset(&mut self, name: &str) {
        self.values.remove(name);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Takes the declarations of a file, in the place of those of the file before.
    ///
    /// # Errors
    /// `Sql` when a required parameter has no value.
    pub(super) fn declare(&mut self, declared: Vec<Declaration>) -> Result<Vec<Declaration>> {
        for parameter in &declared {
            if parameter.required && !self.values.contains_key(&parameter.name) {
                let error = Error::sql(format!("parameter {} is required", parameter.name))
                    .at(parameter.position);
                let help = &parameter.help;
                let help = if help.is_empty() { String::new() } else { format!(": {help}") };
                return Err(error.with_hint(format!("give it with -v {}=…{help}", parameter.name)));
            }
        }
        Ok(std::mem::replace(&mut self.declared, declared))
    }

    /// The parameters of a statement: set values, defaults, types.
    pub(super) fn parameters(&self) -> Result<Parameters> {
        let mut parameters = Parameters::default();
        for (name, value) in &self.values {
            parameters.set(name, Some(value.clone()));
        }
        for declared in &self.declared {
            if !parameters.contains(&declared.name) {
                parameters.set(&declared.name, declared.default.clone());
            }
            parameters.declare(&declared.name, &declared.type_text)?;
        }
        Ok(parameters)
    }
}
