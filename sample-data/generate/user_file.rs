//! `users`: CSV as an old export leaves it, eight of its records broken on purpose.

use crate::Result;
use crate::company::{CITIES, User, user_id};
use crate::random::Random;
use crate::spelling::{date, half, moment};

/// All users as CSV, eight of them broken on purpose.
pub(crate) fn users_csv(random: &mut Random, users: &[User]) -> Result<Vec<u8>> {
    let mut csv = Vec::new();
    csv.extend(b"user_id,name,email,city,country,birth_date,signup_time,height_cm,plan\n");
    for (index, user) in users.iter().enumerate() {
        let handle = format!("user-{:06}", user_id(index));
        let city = &CITIES[user.city];
        let mut fields = [
            user_id(index).to_string(),
            match index {
                // Quotes, commas and line breaks are allowed where they are quoted.
                41 => format!(r#""{handle}, shared""#),
                776 => format!("\"{handle}\nsecond line\""),
                1_203 => format!(r#""{handle} ""the fast one""""#),
                _ => handle.clone(),
            },
            format!("{handle}@example.com"),
            city.name.into(),
            city.country.into(),
            if random.chance(40) { String::new() } else { birth_date(random)? },
            local_signup(user.signup)?,
            match random.range(0, 100) {
                0..4 => String::new(),
                4..6 => "n/a".into(),
                _ => half(300 + random.range(0, 60) + random.range(0, 50)),
            },
            user.plan.into(),
        ];
        match index {
            210 => fields[5] = "1991-02-30".into(),
            480 => fields[0] = "1OO481".into(),
            730 => fields[7] = "\"172,5\"".into(),
            1_000 => fields[6] = "yesterday".into(),
            1_777 => (fields[3], fields[4]) = ("Zürich".into(), "CH".into()),
            1_580 => fields[8] = format!("{},beta", user.plan),
            2_007 => fields[8] = format!("\"{}", user.plan),
            _ => {}
        }
        let kept = if index == 1_290 { &fields[..6] } else { &fields[..] };
        let line = kept.join(",");
        match index {
            1_777 => csv.extend(latin1(&line)?),
            _ => csv.extend(line.into_bytes()),
        }
        csv.push(b'\n');
    }
    Ok(csv)
}

/// The line as an old export wrote it: `ü` is the one byte FC, which is not UTF-8.
fn latin1(line: &str) -> Result<Vec<u8>> {
    Ok(line
        .chars()
        .map(|char| u8::try_from(u32::from(char)))
        .collect::<std::result::Result<_, _>>()?)
}

fn birth_date(random: &mut Random) -> Result<String> {
    // Between 1950 and 2008, most of them in the middle.
    date((random.range(-7_305, 3_500) + random.range(-7_305, 10_500)) as i32 / 2 + 2_600)
}

/// The text that the sign-up service writes: wall-clock time of its office at UTC+8, no zone.
fn local_signup(signup: i64) -> Result<String> {
    Ok(moment(signup, 8)?.format("%Y-%m-%d %H:%M:%S").to_string())
}
