//! How large an answer may be: rows and bytes are counted as they are handed out.

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::DataType;

use crate::error::{Error, Result};
use crate::spi::SluiceSettings;

/// The limits of one answer, and how much of it there was.
#[derive(Debug, Default)]
pub(super) struct ResultLimits {
    most_rows: Option<u64>,
    most_bytes: Option<u64>,
    rows: u64,
    bytes: u64,
}

impl ResultLimits {
    /// Those of a statement. 0 is no limit.
    pub(super) fn new(settings: &SluiceSettings) -> Self {
        Self {
            most_rows: settings.max_result_rows.filter(|most| *most > 0),
            most_bytes: settings.max_result_bytes.filter(|most| *most > 0),
            ..Self::default()
        }
    }

    /// Counts a batch.
    ///
    /// # Errors
    /// `Exhausted` when the answer is larger with it than it may be.
    pub(super) fn count(&mut self, batch: &RecordBatch) -> Result<()> {
        let beyond = |what: String, setting: &str| {
            let text = format!("the answer has more than {what}, which is {setting}");
            Error::exhausted(text).with_hint(
                "ask for less: a filter, an aggregate, a LIMIT; or write the rows with COPY or \
                 CREATE TABLE … AS",
            )
        };
        self.rows += batch.num_rows() as u64;
        if let Some(most) = self.most_rows.filter(|most| self.rows > *most) {
            return Err(beyond(format!("{most} rows"), "max_result_rows"));
        }
        let Some(most) = self.most_bytes else { return Ok(()) };
        self.bytes += batch.columns().iter().map(|column| bytes(column.as_ref())).sum::<u64>();
        if self.bytes > most {
            return Err(beyond(format!("{most} bytes"), "max_result_bytes"));
        }
        Ok(())
    }
}

/// The bytes of the values of an array: of slices their part, of views the texts that they show.
fn bytes(array: &dyn Array) -> u64 {
    let shown = match array.data_type() {
        DataType::Utf8View => array.as_string_view().lengths().map(u64::from).sum(),
        DataType::BinaryView => array.as_binary_view().lengths().map(u64::from).sum(),
        _ => 0,
    };
    shown + array.to_data().get_slice_memory_size().unwrap_or_default() as u64
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{ArrayRef, Int64Array, StringViewArray};

    use super::*;

    #[test]
    fn the_batch_that_goes_beyond_a_limit_is_refused() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1; 100]));
        let batch = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
        let settings = SluiceSettings { max_result_rows: Some(150), ..SluiceSettings::default() };
        let mut limits = ResultLimits::new(&settings);
        limits.count(&batch.slice(0, 50)).unwrap();
        limits.count(&batch).unwrap();
        let error = limits.count(&batch.slice(0, 1)).unwrap_err();
        assert!(error.message().contains("more than 150 rows, which is max_result_rows"));

        let settings = SluiceSettings { max_result_bytes: Some(1000), ..SluiceSettings::default() };
        let mut limits = ResultLimits::new(&settings);
        limits.count(&batch.slice(0, 10)).unwrap();
        limits.count(&batch).unwrap();
        assert!(limits.count(&batch).unwrap_err().message().contains("max_result_bytes"));

        let texts: ArrayRef = Arc::new(StringViewArray::from(vec!["a".repeat(2000)]));
        let batch = RecordBatch::try_from_iter([("t", texts)]).unwrap();
        assert!(ResultLimits::new(&settings).count(&batch).is_err());
        assert!(ResultLimits::new(&SluiceSettings::default()).count(&batch).is_ok());
    }
}
