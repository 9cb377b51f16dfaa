//! What is said when memory or the room for spill files is used up: which limit, who asked for
//! more, and how to raise it.

use datafusion::common::DataFusionError;

use crate::error::Error;

/// Names of DataFusion's memory consumers, and what a user knows them as.
const CONSUMERS: &[(&str, &str)] = &[
    ("HashJoinInput", "the hash table of a join"),
    ("CrossJoin", "a join without a condition"),
    ("NestedLoopJoin", "a join without an equality"),
    ("SMJStream", "a sort-merge join"),
    ("SortMergeJoin", "a sort-merge join"),
    ("PiecewiseMergeJoin", "a join without an equality"),
    ("SymmetricHashJoin", "the hash table of a join"),
    ("ExternalSorter", "a sort"),
    ("SortPreservingMerge", "a sort"),
    ("TopK", "a sort"),
    ("Aggregate", "an aggregate"),
    ("Repartition", "an exchange between tasks"),
    ("WindowAgg", "a window function"),
    ("RecursiveQuery", "a recursive query"),
    ("Parquet", "writing a Parquet file"),
];

/// What DataFusion says of a full spill folder; it has no variant for it.
const SPILL_FULL: &str = "The used disk space during the spilling process has exceeded";

/// What is written behind a text of DataFusion when the statement's own limit is reached.
const OF_STATEMENT: &str = "; that is the statement's own limit";

/// Marks the error of a statement's own pool. It stays of its kind: operators spill upon it.
pub(super) fn of_statement(error: DataFusionError) -> DataFusionError {
    match error {
        DataFusionError::ResourcesExhausted(text) => {
            DataFusionError::ResourcesExhausted(format!("{text}{OF_STATEMENT}"))
        }
        other => other,
    }
}

/// Whether a text of DataFusion says that the spill folder is full.
pub(super) fn is_spill_full(text: &str) -> bool {
    text.contains(SPILL_FULL)
}

/// The memory limit is reached, as DataFusion's text says it: `Failed to allocate additional 1.0 MB
/// for HashJoinInput[0] with … already allocated … fair(pool_size: 16.0 MB)`.
pub(super) fn memory(text: &str) -> Error {
    let limit = between(text, "pool_size: ", ")");
    let asked = between(text, "allocate additional ", " for ");
    let consumer = between(text, "failed for ", " with ").or_else(|| {
        text.split_once("allocate additional ")
            .and_then(|(_, rest)| between(rest, " for ", " with "))
    });
    let who = consumer.map(|name| {
        CONSUMERS.iter().find(|(theirs, _)| name.contains(theirs)).map_or_else(
            || name.split('[').next().unwrap_or(name).to_owned(),
            |(_, ours)| (*ours).to_owned(),
        )
    });
    let limit = limit.map_or_else(String::new, |limit| format!(" of {limit}"));
    let need = match (who, asked) {
        (Some(who), Some(asked)) => format!(": {who} needs {asked} more"),
        (Some(who), None) => format!(": {who} needs more"),
        (None, _) => String::new(),
    };
    if text.contains(OF_STATEMENT) {
        return Error::exhausted(format!("the statement's memory limit{limit} is reached{need}"))
            .with_hint("raise max_memory_bytes, or read less: filter, or select fewer columns");
    }
    of_memory(format!("the memory limit{limit} is reached{need}"))
}

/// DataFusion's way out of a nested loop join that does not fit reads one side twice, which an
/// exchange below it does not allow: this is how its panic begins.
pub(super) fn is_memory_panic(text: &str) -> bool {
    text.contains("partition not used yet")
}

/// What such a panic means.
pub(super) fn nested_loop_join() -> Error {
    of_memory("the memory limit is reached: a join without an equality needs more".to_owned())
}

fn of_memory(message: String) -> Error {
    Error::exhausted(message)
        .with_hint("raise it with --memory-limit, or read less: filter, or select fewer columns")
}

/// The spill folder is full.
pub(super) fn spill(text: &str) -> Error {
    let limit = between(text, "allowable limit of ", ". ")
        .map_or_else(String::new, |limit| format!(" of {limit}"));
    Error::exhausted(format!("the spill limit{limit} is reached"))
        .with_hint("raise it with --spill-limit, or raise --memory-limit so that less is spilled")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

#[cfg(test)]
mod tests {
    use super::{memory, spill};

    #[test]
    fn a_full_pool_is_a_sentence_with_the_limit() {
        let text = "Additional allocation failed for HashJoinInput[0] with top memory consumers \
                    (across reservations) as:\n  HashJoinInput[0]#1(can spill: false) consumed 3 MB\n\
                    Error: Failed to allocate additional 1.0 MB for HashJoinInput[0] with 3.0 MB \
                    already allocated for this reservation - 0.0 B remain available for the total \
                    memory pool: fair(pool_size: 4.0 MB)";
        assert_eq!(
            memory(text).message(),
            "the memory limit of 4.0 MB is reached: the hash table of a join needs 1.0 MB more"
        );
        assert_eq!(memory("no room").message(), "the memory limit is reached");
    }

    #[test]
    fn a_full_spill_folder_is_a_sentence_with_the_limit() {
        let text = "The used disk space during the spilling process has exceeded the allowable \
                    limit of 1.0 MB. \n Please try increasing the config";
        assert_eq!(spill(text).message(), "the spill limit of 1.0 MB is reached");
    }
}
