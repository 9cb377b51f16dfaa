//! The seam between the engine and the systems it reads: what a connector is, what it may ask
//! for, and the files that declare its catalogs and tables.
//!
//! No SQL text, no server and no name of a system stands here. Connectors implement these traits,
//! the catalog calls them, and only the engine knows which connectors and stores there are.

mod calls;
mod codec;
mod connector;
mod context;
mod estimate;
mod file;
mod layer;
mod leaf;
mod meter;
mod nan;
mod read_point;
mod receipt;
mod service;
mod settings;
mod store;
mod write;

pub use calls::{CallCount, Counted, StoreCalls};
pub use codec::{DecodeContext, EncodeContext, NodeCodec};
pub use connector::{
    Catalog, Connector, DeclaredTable, ErasedCatalog, ErasedConnector, Finding, FunctionArguments,
    OpenedTable, Severity, TableEntry, TableFunction, TableKind, TableName,
};
pub use context::{CatalogContext, Shared, StatementContext, TypeParser};
pub use estimate::{Bounds, Estimate, ScanLeaf};
pub use file::{
    CatalogFile, ColumnFile, DeclaredColumn, OnError, OneOrMore, RowShare, TableFile, TomlText,
};
pub use layer::{Layer, Reads};
pub use leaf::{
    is_dynamic, leaf_properties, leaf_with_children, of_partition, physical_filters,
    pushdown_is_on, spread,
};
pub use meter::{ScanMeter, ScanUnit, TableLimits};
pub use nan::{holds_float, unsigned_nan, unsigned_nans};
pub use read_point::{
    PinnedFile, PinnedListing, PinnedPartition, PinnedStream, PinnedTable, ReadPoint, ReadPointBook,
};
pub use receipt::{Counter, Receipt, SourceReceipt};
pub use service::{OpenServices, Service, Services};
pub use settings::SluiceSettings;
pub use store::{OpenStore, OpenedStore, StoreScheme, StoreUrl, UNFINISHED, store_error};
pub use write::{TableWriter, WriteOptions};
