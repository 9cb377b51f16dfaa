//! The catalog: a folder of files becomes catalogs, schemas, tables and views.
//!
//! [`Folder`] knows names only, [`Catalogs`] opens what a statement names, [`StatementCatalogs`]
//! is what DataFusion's planner sees of it. Statements are read and planned by the engine; how a
//! system is reached is its connector's business.

mod catalogs;
mod find;
mod folder;
mod granted;
mod grants;
mod information_schema;
mod listing;
mod missing;
mod session_objects;
mod source;
mod statement;
mod system;
mod types;
mod view;

pub use catalogs::{CatalogChange, CatalogSummary, Catalogs, Problem};
pub use find::{
    NamePart, ObjectName, RESERVED_CATALOGS, SESSION_CATALOG, STATEMENT_CATALOG, choose,
};
pub use folder::Folder;
pub use granted::GrantedCatalogs;
pub use grants::{Access, Grants};
pub use listing::{ListedColumn, ListedTable, Listing};
pub use session_objects::{SessionObject, SessionObjects};
pub use statement::{FullName, StatementCatalogs, StatementPlanner};
pub use types::{parse_type, sql_type_name};
pub use view::ViewFile;
