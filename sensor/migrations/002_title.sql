-- What people call a sensor. Its name stays: sources, sessions and permissions are under it.
CREATE TABLE sensor_title (
    sensor TEXT PRIMARY KEY,
    title TEXT NOT NULL
);
