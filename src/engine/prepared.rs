//! A prepared query's logical plan, kept between its executions.
//!
//! What is kept is what parsing, resolving and typing came to, without any table: its scans name
//! what they read. Every execution opens those names anew, so that it has a read point of its own,
//! and puts them into the plan. A name that means something else by now, a table with other columns,
//! a view with another plan, or a setting that was changed since: then it is planned anew, and the
//! client hears of it where the columns of the answer are not those that it was promised.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::logical_plan::builder::LogicalTableSource;

use super::names::Named;
use super::parameters;
use super::prepare::{Description, Parameter, describe_plan};
use super::run::{Statement, parse_one, tokenize};
use super::state::Translated;
use crate::catalog::{FullName, sql_type_name};
use crate::error::{Error, Result};

/// A statement that is described once and executed often.
#[derive(Debug)]
pub struct PreparedStatement {
    sql: String,
    description: Description,
    // Others than queries are run by their text.
    is_query: bool,
    takes_rows: bool,
    kept: Mutex<Option<Arc<KeptPlan>>>,
}

impl PreparedStatement {
    /// One that is run by its text.
    pub(super) fn of_text(sql: &str, description: Description) -> Self {
        let kept = Mutex::default();
        let sql = sql.to_owned();
        Self { sql, description, is_query: false, takes_rows: false, kept }
    }

    /// The same, which may write a row for each row of parameters.
    pub(super) fn taking_rows(self, takes_rows: bool) -> Self {
        Self { takes_rows, ..self }
    }

    /// A query that `statement` has planned, parameters open.
    pub(super) fn of_query(
        sql: &str,
        description: Description,
        statement: &Statement<'_>,
        (plan, named): (LogicalPlan, Named),
    ) -> Result<Self> {
        let kept = KeptPlan::new(statement, plan, named)?.map(Arc::new);
        let (sql, kept) = (sql.to_owned(), Mutex::new(kept));
        Ok(Self { sql, description, is_query: true, takes_rows: false, kept })
    }

    /// Its text.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// What it gives and takes.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Whether [`insert_rows`](super::LocalSession::insert_rows) executes it for many rows at once.
    pub fn takes_rows(&self) -> bool {
        self.takes_rows
    }

    pub(super) fn is_query(&self) -> bool {
        self.is_query
    }

    fn kept(&self) -> MutexGuard<'_, Option<Arc<KeptPlan>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plan of a query over the tables of `statement`, parameters open.
    ///
    /// # Errors
    /// `Gone` when the columns of its answer, or its parameters, are not those that were promised.
    pub(super) async fn plan(&self, statement: &Statement<'_>) -> Result<LogicalPlan> {
        let known = self.kept().clone();
        if let Some(known) = known
            && let Some(plan) = known.over(statement).await?
        {
            return Ok(plan);
        }
        let mut tokens = tokenize(&self.sql)?;
        parameters::number(&mut tokens)?;
        let (plan, named) = statement.plan_unbound(parse_one(tokens)?).await?;
        self.hold_promise(&describe_plan(&plan)?)?;
        *self.kept() = KeptPlan::new(statement, plan.clone(), named)?.map(Arc::new);
        Ok(plan)
    }

    fn hold_promise(&self, now: &Description) -> Result<()> {
        let changed = |what: String| {
            Err(Error::gone(format!("{what} since the statement was prepared"))
                .with_hint("prepare it again"))
        };
        if let (Some(then), Some(now)) = (&self.description.schema, &now.schema)
            && let Some(difference) = difference(then, now)
        {
            return changed(difference);
        }
        let name = |parameter: &Parameter| parameter.name.clone();
        let (then, now) = (&self.description.parameters, &now.parameters);
        if !then.iter().map(name).eq(now.iter().map(name)) {
            return changed("the parameters of the statement have changed".to_owned());
        }
        Ok(())
    }
}

/// What differs in the columns of an answer: their number, names or SQL types. Text is text in each of
/// its layouts, and an instant one in every time zone.
fn difference(then: &Schema, now: &Schema) -> Option<String> {
    if then.fields().len() != now.fields().len() {
        let (then, now) = (then.fields().len(), now.fields().len());
        return Some(format!("the answer had {then} columns and has {now}"));
    }
    then.fields().iter().zip(now.fields()).find_map(|(then, now)| {
        let (was, is) = (sql_type_name(then.data_type()), sql_type_name(now.data_type()));
        if then.name() != now.name() {
            Some(format!("column {} of the answer is {}", then.name(), now.name()))
        } else if was != is {
            Some(format!("column {} of the answer was {was} and is {is}", then.name()))
        } else {
            None
        }
    })
}

/// What a name was opened as, as far as plans depend on it.
#[derive(Clone, PartialEq)]
enum Opened {
    Table(SchemaRef),
    // Plans are equal whatever their tables hold.
    View(Box<LogicalPlan>),
}

impl Opened {
    fn of(provider: &Arc<dyn TableProvider>) -> Self {
        match provider.get_logical_plan() {
            Some(plan) => Self::View(Box::new(plan.into_owned())),
            None => Self::Table(provider.schema()),
        }
    }

    /// Without what the view's tables hold.
    fn emptied(self) -> Result<Self> {
        Ok(match self {
            Self::View(plan) => Self::View(Box::new(emptied(*plan)?)),
            table @ Self::Table(_) => table,
        })
    }
}

/// A logical plan without tables.
pub(super) struct KeptPlan {
    plan: LogicalPlan,
    named: Named,
    opened: HashMap<FullName, Opened>,
    home: [String; 2],
    settings: u64,
}

impl fmt::Debug for KeptPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptPlan").field("home", &self.home).finish_non_exhaustive()
    }
}

impl KeptPlan {
    /// Takes the tables out of a plan that `statement` has made; `None` when it has scans of other
    /// things than tables. Table functions compute their arguments when they are planned.
    pub(super) fn new(
        statement: &Statement<'_>,
        plan: LogicalPlan,
        named: Named,
    ) -> Result<Option<Self>> {
        let opened: HashMap<_, _> = statement.catalogs.all_opened().into_iter().collect();
        let mut foreign = false;
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                foreign |=
                    full_name(&scan.table_name).is_none_or(|name| !opened.contains_key(&name));
            }
            Ok(TreeNodeRecursion::Continue)
        })
        .translated()?;
        if foreign {
            return Ok(None);
        }
        let opened = opened
            .into_iter()
            .map(|(name, provider)| Opened::of(&provider).emptied().map(|opened| (name, opened)));
        Ok(Some(Self {
            plan: emptied(plan)?,
            named,
            opened: opened.collect::<Result<_>>()?,
            home: statement.home.clone(),
            settings: statement.settings_changes,
        }))
    }

    /// The plan over the tables of another statement; `None` when it does not hold any more.
    async fn over(&self, statement: &Statement<'_>) -> Result<Option<LogicalPlan>> {
        if self.settings != statement.settings_changes || self.home != statement.home {
            return Ok(None);
        }
        if !self.named.open_again(&statement.catalogs, &statement.home).await? {
            return Ok(None);
        }
        let opened: HashMap<_, _> = statement.catalogs.all_opened().into_iter().collect();
        let same = self.opened.len() == opened.len()
            && opened.iter().all(|(name, provider)| {
                self.opened.get(name).is_some_and(|known| *known == Opened::of(provider))
            });
        if !same {
            return Ok(None);
        }
        self.with_tables(&opened).map(Some)
    }

    fn with_tables(
        &self,
        opened: &HashMap<FullName, Arc<dyn TableProvider>>,
    ) -> Result<LogicalPlan> {
        if opened.is_empty() {
            return Ok(self.plan.clone());
        }
        let plan = self.plan.clone().transform_up_with_subqueries(|node| match node {
            LogicalPlan::TableScan(mut scan) => {
                let provider = full_name(&scan.table_name).and_then(|name| opened.get(&name));
                let provider = provider.ok_or_else(|| {
                    datafusion::common::internal_datafusion_err!("{} is not open", scan.table_name)
                })?;
                scan.source = provider_as_source(Arc::clone(provider));
                Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
            }
            other => Ok(Transformed::no(other)),
        });
        Ok(plan.translated()?.data)
    }
}

/// A plan whose scans hold no tables: those are of one statement, with all that it has pinned.
fn emptied(plan: LogicalPlan) -> Result<LogicalPlan> {
    let plan = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::TableScan(mut scan) => {
            scan.source = Arc::new(LogicalTableSource::new(scan.source.schema()));
            Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
        }
        other => Ok(Transformed::no(other)),
    });
    Ok(plan.translated()?.data)
}

fn full_name(name: &TableReference) -> Option<FullName> {
    match name {
        TableReference::Full { catalog, schema, table } => Some(FullName {
            catalog: catalog.to_string(),
            schema: schema.to_string(),
            table: table.to_string(),
        }),
        TableReference::Bare { .. } | TableReference::Partial { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::query::Query as _;
    use crate::engine::{Engine, EngineOptions, LocalSession, Parameters, Session as _};

    async fn run(session: &LocalSession, sql: &str) {
        let mut query = session.run(sql, &Parameters::default()).await.unwrap();
        while let Some(batch) = query.next().await {
            batch.unwrap();
        }
    }

    async fn execute(session: &LocalSession, prepared: &Arc<PreparedStatement>) -> Arc<KeptPlan> {
        let none = Parameters::default();
        let mut query = session.plan_prepared(prepared, &none, None).await.unwrap();
        while let Some(batch) = query.next().await {
            batch.unwrap();
        }
        prepared.kept().clone().unwrap()
    }

    #[tokio::test]
    async fn a_plan_is_made_once_and_anew_when_something_has_changed() {
        let session = Engine::start(EngineOptions::default()).unwrap().session();
        run(&session, "CREATE TABLE t AS SELECT 1 AS n").await;
        run(&session, "CREATE VIEW v AS SELECT n FROM t WHERE n > 0").await;
        let prepared = session.prepare("SELECT n FROM v WHERE n IN (SELECT n FROM t)").await;
        let prepared = Arc::new(prepared.unwrap());
        let first = execute(&session, &prepared).await;
        assert!(Arc::ptr_eq(&first, &execute(&session, &prepared).await));
        let changes = [
            "SET timezone = 'Asia/Shanghai'",
            "RESET ALL",
            "CREATE OR REPLACE VIEW v AS SELECT n FROM t WHERE n > 1",
            "CREATE OR REPLACE TABLE t AS SELECT 1 AS n, 2 AS m",
        ];
        let mut known = first;
        for change in changes {
            run(&session, change).await;
            let now = execute(&session, &prepared).await;
            assert!(!Arc::ptr_eq(&known, &now), "{change}");
            assert!(Arc::ptr_eq(&now, &execute(&session, &prepared).await), "{change}");
            known = now;
        }
    }

    #[tokio::test]
    async fn what_is_kept_holds_no_table() {
        let session = Engine::start(EngineOptions::default()).unwrap().session();
        run(&session, "CREATE TABLE t AS SELECT 1 AS n").await;
        run(&session, "CREATE VIEW v AS SELECT n FROM t").await;
        let prepared = session.prepare("SELECT * FROM v, t WHERE v.n = (SELECT max(n) FROM v)");
        let kept = prepared.await.unwrap().kept().clone().unwrap();
        let mut scans = 0;
        let count = |node: &LogicalPlan, scans: &mut usize| {
            if let LogicalPlan::TableScan(scan) = node {
                *scans += 1;
                let held = datafusion::datasource::source_as_provider(&scan.source);
                assert!(held.is_err(), "{} is held", scan.table_name);
            }
        };
        let mut plans = vec![&kept.plan];
        plans.extend(kept.opened.values().filter_map(|opened| match opened {
            Opened::View(plan) => Some(plan.as_ref()),
            Opened::Table(_) => None,
        }));
        for plan in plans {
            plan.apply_with_subqueries(|node| {
                count(node, &mut scans);
                Ok(TreeNodeRecursion::Continue)
            })
            .unwrap();
        }
        assert_eq!(scans, 4);
    }

    #[tokio::test]
    async fn table_functions_are_computed_anew() {
        let session = Engine::start(EngineOptions::default()).unwrap().session();
        let prepared = session.prepare("SELECT * FROM generate_series(1, 3)").await.unwrap();
        assert!(prepared.is_query() && prepared.kept().is_none());
    }
}
