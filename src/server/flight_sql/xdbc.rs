//! The types of columns as ODBC asks for them.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::sql::metadata::{XdbcTypeInfo, XdbcTypeInfoData, XdbcTypeInfoDataBuilder};
use arrow_flight::sql::{Nullable, Searchable, XdbcDataType, XdbcDatetimeSubcode};

use super::metadata::built_wrongly;
use crate::error::Result;

/// The columns of the answer.
///
/// # Errors
/// `Internal` alone.
pub(super) fn schema() -> Result<SchemaRef> {
    Ok(data()?.schema())
}

/// All types, or those of one code, ordered by code.
///
/// # Errors
/// `Internal` alone.
pub(super) fn answer(code: Option<i32>) -> Result<RecordBatch> {
    data()?.record_batch(code).map_err(built_wrongly)
}

fn data() -> Result<XdbcTypeInfoData> {
    let mut types = XdbcTypeInfoDataBuilder::new();
    for data_type in all() {
        types.append(data_type);
    }
    types.build().map_err(built_wrongly)
}

fn plain(name: &str, code: XdbcDataType, size: i32) -> XdbcTypeInfo {
    XdbcTypeInfo {
        type_name: name.to_owned(),
        local_type_name: Some(name.to_owned()),
        data_type: code,
        sql_data_type: code,
        column_size: Some(size),
        nullable: Nullable::NullabilityNullable,
        searchable: Searchable::Full,
        ..XdbcTypeInfo::default()
    }
}

fn number(name: &str, code: XdbcDataType, digits: i32, unsigned: bool) -> XdbcTypeInfo {
    XdbcTypeInfo {
        unsigned_attribute: Some(unsigned),
        auto_increment: Some(false),
        num_prec_radix: Some(10),
        minimum_scale: Some(0),
        maximum_scale: Some(0),
        ..plain(name, code, digits)
    }
}

fn quoted(name: &str, code: XdbcDataType, size: i32, prefix: &str) -> XdbcTypeInfo {
    XdbcTypeInfo {
        literal_prefix: Some(prefix.to_owned()),
        literal_suffix: Some("'".to_owned()),
        ..plain(name, code, size)
    }
}

fn all() -> Vec<XdbcTypeInfo> {
    use XdbcDataType as T;
    let longest = i32::MAX;
    vec![
        plain("BOOLEAN", T::XdbcBit, 1),
        number("TINYINT", T::XdbcTinyint, 3, false),
        number("TINYINT UNSIGNED", T::XdbcTinyint, 3, true),
        number("SMALLINT", T::XdbcSmallint, 5, false),
        number("SMALLINT UNSIGNED", T::XdbcSmallint, 5, true),
        number("INTEGER", T::XdbcInteger, 10, false),
        number("INTEGER UNSIGNED", T::XdbcInteger, 10, true),
        number("BIGINT", T::XdbcBigint, 19, false),
        number("BIGINT UNSIGNED", T::XdbcBigint, 20, true),
        number("REAL", T::XdbcReal, 7, false),
        number("DOUBLE", T::XdbcDouble, 15, false),
        XdbcTypeInfo {
            create_params: Some(vec!["precision".to_owned(), "scale".to_owned()]),
            maximum_scale: Some(38),
            ..number("DECIMAL", T::XdbcDecimal, 38, false)
        },
        XdbcTypeInfo { case_sensitive: true, ..quoted("VARCHAR", T::XdbcVarchar, longest, "'") },
        quoted("VARBINARY", T::XdbcVarbinary, longest, "X'"),
        XdbcTypeInfo {
            sql_data_type: T::XdbcDatetime,
            datetime_subcode: Some(XdbcDatetimeSubcode::XdbcSubcodeYear),
            ..quoted("DATE", T::XdbcDate, 10, "DATE '")
        },
        XdbcTypeInfo {
            sql_data_type: T::XdbcDatetime,
            datetime_subcode: Some(XdbcDatetimeSubcode::XdbcSubcodeTime),
            ..quoted("TIME", T::XdbcTime, 15, "TIME '")
        },
        XdbcTypeInfo {
            sql_data_type: T::XdbcDatetime,
            datetime_subcode: Some(XdbcDatetimeSubcode::XdbcSubcodeTimestamp),
            ..quoted("TIMESTAMP", T::XdbcTimestamp, 29, "TIMESTAMP '")
        },
        XdbcTypeInfo {
            sql_data_type: T::XdbcDatetime,
            datetime_subcode: Some(XdbcDatetimeSubcode::XdbcSubcodeTimestampWithTimezone),
            ..quoted("TIMESTAMP WITH TIME ZONE", T::XdbcTimestamp, 35, "TIMESTAMP '")
        },
        quoted("INTERVAL", T::XdbcInterval, 40, "INTERVAL '"),
    ]
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Int32Type;

    use super::*;

    #[test]
    fn types_are_ordered_by_their_code() {
        let all = answer(None).unwrap();
        let codes = all.column(1).as_primitive::<Int32Type>().values();
        assert!(codes.is_sorted(), "{codes:?}");
    }

    #[test]
    fn one_code_may_be_asked_for() {
        let dates = answer(Some(XdbcDataType::XdbcDate as i32)).unwrap();
        assert_eq!(dates.num_rows(), 1);
    }
}
