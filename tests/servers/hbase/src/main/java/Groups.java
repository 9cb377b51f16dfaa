// A group is a history of one or a few tables with the cases that are made on the way.

import java.util.ArrayList;
import java.util.List;

interface Group {
    /** The cases it makes. */
    List<String> names();

    void run(Recorder recorder) throws Exception;
}

/** A group from its names and a function. */
final class Story implements Group {
    interface Told {
        void run(Recorder recorder) throws Exception;
    }

    private final List<String> names;
    private final Told told;

    Story(Told told, String... names) {
        this.names = List.of(names);
        this.told = told;
    }

    @Override
    public List<String> names() {
        return names;
    }

    @Override
    public void run(Recorder recorder) throws Exception {
        told.run(recorder);
    }
}

final class Groups {
    private Groups() {}

    static List<Group> all(long seed) {
        List<Group> groups = new ArrayList<>();
        groups.addAll(new VersionCases(seed).groups());
        groups.addAll(new LayoutCases(seed).groups());
        groups.addAll(new BlockCases(seed).groups());
        groups.addAll(new KeyCases(seed).groups());
        groups.addAll(new DocumentCases(seed).groups());
        groups.add(new Codecs(""));
        groups.addAll(new ErrorCases(seed).groups());
        return groups;
    }
}
