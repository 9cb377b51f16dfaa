//! DataFusion sessions as Sluice needs them: one function that extends a given builder.
//!
//! Prompt, server, tests and later workers all make their sessions through [`extend`]; functions
//! are appended, never set, so that whoever came before keeps theirs.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::format::MetricType;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{FunctionRegistry, SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;

use super::about::{TypeOf, Version};
use super::arithmetic;
use super::bytes;
use super::empty_subquery;
use super::endless::Endless;
use super::error::from_datafusion;
use super::large_top::LargeTop;
use super::last_first::LastFirst;
use super::len::Len;
use super::memory;
use super::sort_merge::SortMergeJoins;
use super::zones::AtTimeZone;
use crate::catalog::StatementCatalogs;
use crate::connectors::CONNECTORS;
use crate::error::Result;
use crate::spi::{SluiceSettings, StatementContext};

/// Deep enough for what BI tools nest; DataFusion's own default of 50 is not.
pub(super) const RECURSION_LIMIT: usize = 200;

/// The state that every statement starts from.
#[derive(Debug)]
pub(super) struct BaseState(SessionState);

/// What of DataFusion's configuration is not left as it is, and why.
pub(super) fn configure(config: &mut ConfigOptions) {
    // Our own, which never opens every table.
    config.catalog.information_schema = false;
    config.sql_parser.collect_spans = true;
    // `execute(p)` of a scan must read exactly its own splits, and again when asked again.
    config.execution.enable_file_stream_work_stealing = false;
    // It holds NaN to be different from NaN: groups come twice, and it panics when they are many.
    config.optimizer.enable_topk_aggregation = false;
    config.execution.time_zone = Some("UTC".to_owned());
    // What people look at first; `SET datafusion.explain.analyze_level = 'dev'` shows the rest.
    config.explain.analyze_level = MetricType::Summary;
    if config.extensions.get::<SluiceSettings>().is_none() {
        config.extensions.insert(SluiceSettings::default());
    }
}

/// Extends a builder with what Sluice's plans need.
pub(super) fn extend(builder: SessionStateBuilder) -> SessionState {
    let state = builder.build();
    let mut rules = vec![Arc::new(SortMergeJoins) as _];
    rules.extend(state.physical_optimizers().iter().cloned());
    let last = rules.iter().rposition(|rule| rule.name().starts_with("FilterPushdown"));
    let last = last.unwrap_or(rules.len());
    let own = [Arc::new(Endless) as _, Arc::new(LargeTop) as _, Arc::new(LastFirst) as _];
    rules.splice(last..last, own);
    let builder = SessionStateBuilder::new_from_existing(state);
    let mut state = builder.with_physical_optimizer_rules(rules).build();
    // Registering functions fails only in registries that take none.
    let registered = datafusion_functions_json::register_all(&mut state)
        .and_then(|()| arithmetic::register(&mut state))
        .and_then(|()| bytes::register(&mut state))
        .and_then(|()| empty_subquery::register(&mut state))
        .and_then(|()| state.register_udf(Arc::new(AtTimeZone::default().into())).map(drop))
        .and_then(|()| state.register_udf(Arc::new(Version::default().into())).map(drop))
        .and_then(|()| state.register_udf(Arc::new(TypeOf::default().into())).map(drop))
        .and_then(|()| state.register_udf(Arc::new(Len::default().into())).map(drop))
        .and_then(|()| {
            let mut functions = CONNECTORS.iter().flat_map(|connector| connector.functions());
            functions.try_for_each(|f| state.register_udf(Arc::new(f)).map(drop))
        });
    debug_assert!(registered.is_ok(), "{registered:?}");
    state
}

impl BaseState {
    /// The base state of an engine.
    pub(super) fn new(runtime: Arc<RuntimeEnv>, memory: u64, partitions: Option<usize>) -> Self {
        let mut config = SessionConfig::new();
        configure(config.options_mut());
        memory::fit(config.options_mut(), memory);
        if let Some(partitions) = partitions {
            config = config.with_target_partitions(partitions);
        }
        let builder = SessionStateBuilder::new_with_default_features()
            .with_config(config)
            .with_runtime_env(runtime);
        Self(extend(builder))
    }

    /// The configuration before any setting.
    pub(super) fn config(&self) -> &SessionConfig {
        self.0.config()
    }

    /// The state itself, for lists of functions.
    pub(super) fn state(&self) -> &SessionState {
        &self.0
    }

    /// The state of one statement.
    pub(super) fn for_statement(
        &self,
        config: SessionConfig,
        catalogs: &StatementCatalogs,
        context: &Arc<StatementContext>,
        home: &[String; 2],
    ) -> SessionState {
        let mut state = self.0.clone();
        let mut config = config.with_extension(Arc::clone(context));
        let catalog = &mut config.options_mut().catalog;
        catalog.default_catalog.clone_from(&home[0]);
        catalog.default_schema.clone_from(&home[1]);
        in_timezone(&mut state, &config);
        *state.config_mut() = config;
        state.register_catalog_list(Arc::new(catalogs.clone()));
        state.mark_start_execution();
        state.execution_props_mut().query_execution_start_time = Some(context.now());
        state
    }
}

/// Gives `now()` the zone of the statement: it keeps the one with which it was made. `to_timestamp` is
/// left in UTC: in another zone DataFusion takes its seconds for those of a wall clock there.
fn in_timezone(state: &mut SessionState, config: &SessionConfig) {
    let options = config.options();
    if options.execution.time_zone == state.config_options().execution.time_zone {
        return;
    }
    let now = state.scalar_functions().get("now");
    if let Some(now) = now.and_then(|now| now.inner().with_updated_config(options)) {
        let registered = state.register_udf(Arc::new(now));
        debug_assert!(registered.is_ok(), "{registered:?}");
    }
}

/// A short way to turn DataFusion's errors into ours.
pub(super) trait Translated<T> {
    /// The same result with our error.
    fn translated(self) -> Result<T>;
}

impl<T> Translated<T> for datafusion::common::Result<T> {
    fn translated(self) -> Result<T> {
        self.map_err(from_datafusion)
    }
}
