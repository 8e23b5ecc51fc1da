// The headers of CMakeLists.txt are compiled with this file, which is otherwise empty.
