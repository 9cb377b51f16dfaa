//! What happens on a day: who uses which device, and which events and workouts come of it.
//! Ids of events and the files are given by others.

use crate::company::{CITIES, Device, ERROR_CODES, MODELS, Model, SPORTS, User};
use crate::random::Random;
use crate::{DAY_SECONDS, FIRST_DAY};

#[derive(Clone, Copy)]
pub(crate) enum EventType {
    Heartbeat,
    WorkoutStarted,
    WorkoutFinished,
    Sync,
    Error(usize),
    BatteryLow,
}

pub(crate) struct Event {
    pub(crate) id: i64,
    pub(crate) device: usize,
    pub(crate) user: usize,
    pub(crate) event_type: EventType,
    /// Microseconds since 1970, UTC.
    pub(crate) time: i64,
    pub(crate) battery: Option<i16>,
    pub(crate) heart_rate: Option<i16>,
    pub(crate) firmware: &'static str,
}

pub(crate) struct Workout {
    pub(crate) user: usize,
    pub(crate) device: usize,
    /// Seconds since 1970, UTC.
    pub(crate) start: i64,
    pub(crate) seconds: i64,
    pub(crate) sport: usize,
    pub(crate) has_heart_sensor: bool,
}

/// How often people are active at the hours of their day.
const HOURS: [i64; 24] =
    [1, 1, 1, 1, 2, 6, 14, 20, 14, 8, 7, 8, 10, 8, 7, 7, 9, 16, 22, 20, 14, 8, 4, 2];
/// Use by day of the week from Monday, by 100, and workouts by 1,000.
const WEEK: [(i64, i64); 7] =
    [(98, 260), (100, 270), (99, 250), (97, 240), (88, 200), (112, 380), (118, 410)];

/// All events of one UTC day, unsorted and without ids.
pub(crate) fn simulate_day(
    random: &mut Random,
    day: i32,
    users: &[User],
    devices: &mut [Device],
    workouts: &mut Vec<Workout>,
) -> Vec<Event> {
    // Day 0 of 1970 was a Thursday.
    let (use_percent, workout_permille) = WEEK[(FIRST_DAY + day + 3) as usize % 7];
    let mut events = Vec::new();
    for (index, device) in devices.iter_mut().enumerate() {
        let Some(owner) = device.owner else { continue };
        let user = &users[owner];
        let signup_day = (user.signup / DAY_SECONDS) as i32 - FIRST_DAY;
        // The first day is always used; second devices stay in the drawer more often.
        let first_device = index == owner;
        let chance = if first_device { user.habit } else { user.habit / 3 } * use_percent / 100;
        let used = signup_day == day && first_device || random.chance(chance);
        if day < signup_day || day > user.last_day || !used {
            continue;
        }
        let mut use_of_day =
            UseOfDay { random, day, index, owner, user, device, events: &mut events };
        use_of_day.play(workout_permille, workouts);
    }
    events
}

/// One device on one day of use.
struct UseOfDay<'a> {
    random: &'a mut Random,
    day: i32,
    index: usize,
    owner: usize,
    user: &'a User,
    device: &'a mut Device,
    events: &'a mut Vec<Event>,
}

impl UseOfDay<'_> {
    fn play(&mut self, workout_permille: i64, workouts: &mut Vec<Workout>) {
        let model = &MODELS[self.device.model];
        for _ in 0..self.random.range(4, 9) {
            let time = self.moment();
            self.push(EventType::Heartbeat, time, Some(72));
        }
        for _ in 0..self.random.range(1, 3) {
            let time = self.moment();
            self.push(EventType::Sync, time, None);
        }
        if self.random.chance(workout_permille) {
            let workout = self.workout(model);
            let heart_rate = SPORTS[workout.sport].heart_rate;
            self.push(EventType::WorkoutStarted, workout.start * 1_000_000, Some(heart_rate - 30));
            let end = (workout.start + workout.seconds) * 1_000_000;
            self.push(EventType::WorkoutFinished, end, Some(heart_rate));
            workouts.push(workout);
        }
        let firmware = usize::from(self.device.has_new_firmware(self.day));
        if self.random.chance(model.errors[firmware] * self.device.flaw) {
            // A fault repeats itself until somebody restarts the device.
            for _ in 0..self.random.range(1, 4) {
                let usual = ERROR_CODES.iter().position(|code| *code == model.usual_error);
                let code = match usual {
                    Some(code) if self.random.chance(750) => code,
                    _ => self.random.range(0, ERROR_CODES.len() as i64) as usize,
                };
                let time = self.moment();
                self.push(EventType::Error(code), time, None);
            }
        }
        self.device.battery -= model.drain + self.random.range(-3, 4);
        if self.device.battery < 15 {
            self.device.battery = self.device.battery.max(2);
            let time = self.moment();
            self.push(EventType::BatteryLow, time, None);
            self.device.battery = 100;
        }
    }

    /// A second of this UTC day, more likely at the hours at which the user's city is awake.
    fn second(&mut self) -> i64 {
        let local_hour = self.random.weighted(HOURS.into_iter()) as i32;
        let hour = (local_hour - CITIES[self.user.city].utc_hours).rem_euclid(24);
        let second = i64::from(hour) * 3_600 + self.random.range(0, 3_600);
        let midnight = i64::from(FIRST_DAY + self.day) * DAY_SECONDS;
        // On the day of the sign-up nothing comes before it.
        (midnight + second).max((self.user.signup + 60).min(midnight + DAY_SECONDS - 1))
    }

    fn moment(&mut self) -> i64 {
        self.second() * 1_000_000 + self.random.range(0, 1_000) * 1_000
    }

    fn workout(&mut self, model: &Model) -> Workout {
        let sport = match model.name {
            "Tide Swim" if self.random.chance(800) => 3,
            "Cadence Bike" if self.random.chance(850) => 2,
            _ => self.random.weighted(SPORTS.iter().map(|sport| sport.weight)),
        };
        let seconds = self.random.range(12, 50) * 60 + self.random.range(0, 2_400);
        let last = (i64::from(FIRST_DAY + self.day) + 1) * DAY_SECONDS - 1 - seconds;
        Workout {
            user: self.owner,
            device: self.index,
            start: self.second().min(last),
            seconds,
            sport,
            has_heart_sensor: model.has_heart_sensor,
        }
    }

    /// `heart_rate` is what the event makes of the heart, if the model can feel it.
    fn push(&mut self, event_type: EventType, time: i64, heart_rate: Option<i64>) {
        let model = &MODELS[self.device.model];
        let heart_rate = heart_rate
            .filter(|_| model.has_heart_sensor)
            .map(|rate| (rate + self.random.range(-14, 15)) as i16);
        // A radio that has just woken up does not know its battery yet.
        let battery = (!self.random.chance(30)).then_some(self.device.battery as i16);
        let firmware = model.firmware[usize::from(self.device.has_new_firmware(self.day))];
        let (device, user) = (self.index, self.owner);
        self.events.push(Event {
            id: 0,
            device,
            user,
            event_type,
            time,
            battery,
            heart_rate,
            firmware,
        });
    }
}
