# SPDX-License-Identifier: Apache-2.0
# Everything comes from the system; scripts/setup.sh installs it on Debian and Ubuntu.
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(PkgConfig REQUIRED)
# Through pkg-config: libzip's own CMake package insists on its command line tools, which Debian packages apart.
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET GLOBAL libzip)
add_library(libzip::zip ALIAS PkgConfig::LIBZIP)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
