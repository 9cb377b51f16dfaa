//! The company of the sample: where it sells, what it sells, to whom. How these are used day by day
//! is `simulation`'s part.

use crate::random::Random;
use crate::{DAY_SECONDS, FIRST_DAY};

const USERS: usize = 2_008;
const DEVICES: usize = 3_000;
const FIRST_USER_ID: i64 = 100_001;

pub(crate) struct City {
    pub(crate) name: &'static str,
    pub(crate) country: &'static str,
    pub(crate) utc_hours: i32,
    pub(crate) weight: i64,
}

const fn city(name: &'static str, country: &'static str, utc_hours: i32, weight: i64) -> City {
    City { name, country, utc_hours, weight }
}

/// Offsets are those of August and September, within which none of them changes.
pub(crate) const CITIES: [City; 12] = [
    city("杭州", "CN", 8, 20),
    city("深圳", "CN", 8, 14),
    city("大阪", "JP", 9, 9),
    city("서울", "KR", 9, 8),
    city("Zürich", "CH", 2, 10),
    city("Berlin", "DE", 2, 9),
    city("København", "DK", 2, 6),
    city("Kraków", "PL", 2, 5),
    city("São Paulo", "BR", -3, 8),
    city("Montréal", "CA", -4, 5),
    city("Austin", "US", -5, 4),
    city("Nairobi", "KE", 3, 2),
];

pub(crate) struct Model {
    pub(crate) name: &'static str,
    pub(crate) weight: i64,
    pub(crate) price_cents: i64,
    pub(crate) has_heart_sensor: bool,
    /// Chance of an error on a day of use, by 1,000, with the old and with the new firmware.
    pub(crate) errors: [i64; 2],
    pub(crate) usual_error: &'static str,
    pub(crate) firmware: [&'static str; 2],
    /// Percent of the battery that a day of use takes.
    pub(crate) drain: i64,
}

#[rustfmt::skip]
pub(crate) const MODELS: [Model; 8] = [
    Model { name: "Pulse 2",      weight: 24, price_cents:  7_990, has_heart_sensor: true,  errors: [18, 16],   usual_error: "E204", firmware: ["2.4.1", "2.5.0"], drain: 14 },
    Model { name: "Pulse 2 Pro",  weight: 16, price_cents: 12_990, has_heart_sensor: true,  errors: [22, 20],   usual_error: "E204", firmware: ["2.4.1", "2.5.0"], drain: 16 },
    Model { name: "Stride Mini",  weight: 18, price_cents:  3_490, has_heart_sensor: false, errors: [30, 28],   usual_error: "E118", firmware: ["1.9.3", "1.9.4"], drain: 6 },
    Model { name: "Stride X",     weight: 12, price_cents:  9_950, has_heart_sensor: true,  errors: [26, 24],   usual_error: "E204", firmware: ["3.0.2", "3.1.0"], drain: 18 },
    Model { name: "Ridge GPS",    weight: 10, price_cents: 24_900, has_heart_sensor: true,  errors: [70, 15],   usual_error: "E402", firmware: ["4.0.0", "4.0.1"], drain: 26 },
    Model { name: "Tide Swim",    weight: 7,  price_cents: 17_900, has_heart_sensor: true,  errors: [105, 98],  usual_error: "E310", firmware: ["1.2.0", "1.2.1"], drain: 20 },
    Model { name: "Cadence Bike", weight: 8,  price_cents: 14_450, has_heart_sensor: false, errors: [20, 20],   usual_error: "E118", firmware: ["5.6.0", "5.7.0"], drain: 10 },
    // The update that was to make it better: the reports show that it did not.
    Model { name: "Loop Ring",    weight: 5,  price_cents: 21_900, has_heart_sensor: true,  errors: [35, 160],  usual_error: "E131", firmware: ["0.9.8", "1.0.0"], drain: 12 },
];
pub(crate) const ERROR_CODES: [&str; 6] = ["E118", "E131", "E204", "E310", "E402", "E500"];

pub(crate) struct Sport {
    pub(crate) name: &'static str,
    pub(crate) weight: i64,
    /// Half metres per minute; none for sports without a distance.
    pub(crate) pace: Option<i64>,
    pub(crate) calories_per_minute: i64,
    pub(crate) heart_rate: i64,
    pub(crate) tag: &'static str,
}

#[rustfmt::skip]
pub(crate) const SPORTS: [Sport; 6] = [
    Sport { name: "running",  weight: 34, pace: Some(330), calories_per_minute: 11, heart_rate: 148, tag: "outdoor" },
    Sport { name: "walking",  weight: 22, pace: Some(180), calories_per_minute: 5,  heart_rate: 104, tag: "outdoor" },
    Sport { name: "cycling",  weight: 20, pace: Some(830), calories_per_minute: 9,  heart_rate: 132, tag: "outdoor" },
    Sport { name: "swimming", weight: 9,  pace: Some(90),  calories_per_minute: 10, heart_rate: 126, tag: "pool" },
    Sport { name: "strength", weight: 9,  pace: None,      calories_per_minute: 7,  heart_rate: 118, tag: "gym" },
    Sport { name: "yoga",     weight: 6,  pace: None,      calories_per_minute: 3,  heart_rate: 92,  tag: "home" },
];

pub(crate) struct User {
    pub(crate) city: usize,
    /// Seconds since 1970, UTC.
    pub(crate) signup: i64,
    pub(crate) plan: &'static str,
    /// Chance of use on an ordinary day, by 1,000.
    pub(crate) habit: i64,
    /// The last day of use, counted like days of events.
    pub(crate) last_day: i32,
}

/// Users in the order of their sign-up, so that ids grow with time.
pub(crate) fn make_users(random: &mut Random) -> Vec<User> {
    let first_day = i64::from(FIRST_DAY) * DAY_SECONDS;
    let mut signups: Vec<i64> = (0..USERS)
        .map(|index| {
            let (from, to) = if index < 1_240 { (-330, 0) } else { (0, 37) };
            first_day + random.range(from * DAY_SECONDS, to * DAY_SECONDS)
        })
        .collect();
    signups.sort_unstable();
    signups
        .into_iter()
        .map(|signup| {
            let signup_day = signup.div_euclid(DAY_SECONDS) as i32 - FIRST_DAY;
            // Half stay, some lose interest, some only try.
            let (habit, lifetime) = match random.range(0, 100) {
                0..48 => (random.range(520, 860), 10_000),
                48..78 => (random.range(260, 560), random.range(15, 120)),
                _ => (random.range(350, 700), random.range(1, 12)),
            };
            User {
                city: random.weighted(CITIES.iter().map(|city| city.weight)),
                signup,
                plan: ["free", "plus", "pro"][random.weighted([62, 28, 10].into_iter())],
                habit,
                last_day: signup_day + lifetime as i32,
            }
        })
        .collect()
}

pub(crate) struct Device {
    pub(crate) model: usize,
    pub(crate) owner: Option<usize>,
    /// The city it was sold in.
    pub(crate) city: usize,
    pub(crate) manufactured: i32,
    pub(crate) born_with_new_firmware: bool,
    /// The day it took the new firmware; none if it never did.
    pub(crate) upgraded: Option<i32>,
    /// Times the usual chance of an error.
    pub(crate) flaw: i64,
    pub(crate) battery: i64,
}

impl Device {
    pub(crate) fn has_new_firmware(&self, day: i32) -> bool {
        self.born_with_new_firmware || self.upgraded.is_some_and(|upgraded| day >= upgraded)
    }
}

/// One device for each user, second ones for some, and the rest on the shelf.
pub(crate) fn make_devices(random: &mut Random, users: &[User]) -> Vec<Device> {
    (0..DEVICES)
        .map(|index| {
            let owner = match index {
                0..USERS => Some(index),
                USERS..2_850 => Some(random.range(0, USERS as i64) as usize),
                _ => None,
            };
            let city = match owner {
                Some(owner) if !random.chance(60) => users[owner].city,
                _ => random.weighted(CITIES.iter().map(|city| city.weight)),
            };
            let sold = owner.map_or(FIRST_DAY, |owner| (users[owner].signup / DAY_SECONDS) as i32);
            Device {
                model: random.weighted(MODELS.iter().map(|model| model.weight)),
                owner,
                city,
                manufactured: sold - random.range(20, 400) as i32,
                born_with_new_firmware: random.chance(150),
                upgraded: random.chance(700).then(|| random.range(12, 60) as i32),
                flaw: if random.chance(25) { 9 } else { 1 },
                battery: random.range(30, 100),
            }
        })
        .collect()
}

/// The id of the user of this index.
pub(crate) fn user_id(user: usize) -> i64 {
    FIRST_USER_ID + user as i64
}

/// The id of the device of this index.
pub(crate) fn device_id(device: usize) -> String {
    format!("dev-{:05}", device + 1)
}
